// Ranks that keep others waiting are named; ranks that only take their time are not.
#include "comm/watchdog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "comm/collectives.h"
#include "comm/hang.h"
#include "comm/traffic.h"

namespace gigahop::comm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr WatchdogOptions kFast = {.deadline_seconds = 1, .beat_seconds = 0.2, .answer_seconds = 2};

/// What a watchdog said, for the thread that hears it and the one that reads it.
class Heard {
 public:
  void operator()(const std::string& explanation) {
    const std::lock_guard lock(mutex_);
    text_ = explanation;
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

RankReport answering(double waiting_seconds, double idle_seconds) {
  return {.host = "node",
          .answer = RankStatus{.waiting_seconds = waiting_seconds, .idle_seconds = idle_seconds},
          .before = {}};
}

TEST(ExplainHang, names_ranks_that_do_not_answer_and_when_they_were_heard_of) {
  RankStatus last;
  last.phase = {'r', 'o', 'w', 's'};
  std::vector<RankReport> ranks(3, answering(130, 130));
  ranks[1] = {.host = "node07", .answer = {}, .before = HeardStatus{.status = last, .seconds_ago = 12}};
  const std::string text = explain_hang(ranks, 120).value();
  EXPECT_NE(text.find("rank 1 on node07 does not answer, last heard of 12 s ago in phase \"rows\""), std::string::npos)
      << text;
  EXPECT_EQ(text.find("rank 0"), std::string::npos) << text;
}

TEST(ExplainHang, names_a_rank_that_waits_for_nobody_and_does_nothing) {
  const std::vector<RankReport> ranks = {answering(130, 130), answering(-1, 70)};
  const std::string text = explain_hang(ranks, 120).value();
  EXPECT_TRUE(text.starts_with("rank 1 on node has neither computed nor read or written for 70 s")) << text;
}

TEST(ExplainHang, names_all_ranks_where_they_wait_for_each_other) {
  const std::string text = explain_hang({answering(130, 130), answering(90, 0)}, 120).value();
  EXPECT_TRUE(text.starts_with("all ranks wait for each other: rank 0 for 130 s")) << text;
}

TEST(ExplainHang, has_hope_while_a_rank_works_or_has_only_begun_to_wait) {
  EXPECT_FALSE(explain_hang({answering(130, 130), answering(-1, 3)}, 120).has_value());
  EXPECT_FALSE(explain_hang({answering(130, 130), answering(2, 0)}, 120).has_value());
}

TEST(Watchdog, the_making_of_a_communicator_may_take_long) {
  const Communicator before = Communicator::world();
  if (before.rank() == before.size() - 1) std::this_thread::sleep_for(milliseconds(400));
  const Communicator world = Communicator::world();
  EXPECT_EQ(sum_over_ranks(world, int64_t{1}), world.size());
}

TEST(Watchdog, names_the_rank_that_sleeps_to_all_that_wait_for_it) {
  const Communicator comm = Communicator::world();
  if (comm.size() == 1) GTEST_SKIP() << "nobody to wait for";
  const int sleeper = comm.size() - 1;
  Heard heard;
  {
    const Watchdog watchdog(comm, kFast, std::ref(heard));
    if (comm.rank() == sleeper) {
      const Phase phase(comm, "slumber");
      std::this_thread::sleep_for(milliseconds(8000));
    }
    barrier(comm);
  }
  if (comm.rank() == sleeper) {
    EXPECT_EQ(heard.text(), "");
  } else {
    const std::string expected = "rank " + std::to_string(sleeper) + " on " + comm.host() + " has neither computed";
    EXPECT_TRUE(heard.text().starts_with(expected)) << heard.text();
    EXPECT_NE(heard.text().find("slumber"), std::string::npos) << heard.text();
  }
}

TEST(Watchdog, waits_for_a_rank_that_computes) {
  const Communicator comm = Communicator::world();
  Heard heard;
  {
    const Watchdog watchdog(comm, kFast, std::ref(heard));
    const auto start = steady_clock::now();
    while (comm.rank() == 0 && steady_clock::now() - start < milliseconds(4000)) {
    }
    barrier(comm);
  }
  EXPECT_EQ(heard.text(), "");
}

TEST(Watchdog, says_that_all_ranks_wait_for_each_other) {
  const Communicator comm = Communicator::world();
  if (comm.size() == 1) GTEST_SKIP() << "nobody to wait for";
  const Communicator other = comm.duplicate();
  Heard heard;
  {
    const Watchdog watchdog(comm, kFast, std::ref(heard));
    // Rank 0 comes to one barrier first, the others to the other: threads end both, once all ranks had time to hear.
    const auto start = steady_clock::now();
    std::jthread late([&] {
      while (heard.text().empty() && steady_clock::now() - start < milliseconds(20000)) {
        std::this_thread::sleep_for(milliseconds(20));
      }
      std::this_thread::sleep_for(milliseconds(2000));
      barrier(comm.rank() == 0 ? other : comm);
    });
    barrier(comm.rank() == 0 ? comm : other);
  }
  EXPECT_TRUE(heard.text().starts_with("all ranks wait for each other")) << heard.text();
}

}  // namespace
}  // namespace gigahop::comm
