// Ranks that keep others waiting are named; ranks that only take their time are not.
#include "comm/watchdog.h"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/trace.h"
#include "comm/collectives.h"
#include "comm/hang.h"
#include "comm/traffic.h"

namespace {

constexpr int kTag = 7;  // of the watchdog
std::atomic<int64_t> sent_less_received = 0;

}  // namespace

// MPI lets itself be listened to: the library's calls come here first.
int MPI_Isend(const void* bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request* request) {
  if (tag == kTag) ++sent_less_received;
  return PMPI_Isend(bytes, count, type, to, tag, comm, request);
}

int MPI_Recv(void* bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status* status) {
  if (tag == kTag) --sent_less_received;
  return PMPI_Recv(bytes, count, type, from, tag, comm, status);
}

namespace gigahop::comm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr WatchdogOptions kFast = {.deadline_seconds = 1, .beat_seconds = 0.2, .answer_seconds = 2};

/// What a watchdog said, for the thread that hears it and the one that reads it.
class Heard {
 public:
  void operator()(const Hang& hang) {
    const std::lock_guard lock(mutex_);
    text_ = hang.explanation;
    state_ = hang.state;
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  std::string state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  std::string state_;
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

TEST(ExplainHang, describes_what_each_rank_was_at) {
  RankStatus last = {.phase = {'r', 'o', 'w', 's'}, .step = 41};
  std::vector<RankReport> ranks(3, answering(130, 2));
  ranks[1] = {.host = "node07", .answer = {}, .before = HeardStatus{.status = last, .seconds_ago = 12}};
  ranks[2] = {.host = "node08", .answer = {}, .before = {}};
  EXPECT_EQ(describe_ranks(ranks),
            "rank 0 on node waits for 130 s, in no named phase; computed, read or wrote 2 s ago\n"
            "rank 1 on node07 does not answer, last heard of 12 s ago in phase \"rows\" of step 41\n"
            "rank 2 on node08 does not answer and was never heard of\n");
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
    Watchdog watchdog(comm, kFast, std::ref(heard));
    if (comm.rank() == sleeper) {
      const Phase phase(comm, "slumber");
      note_step(comm, 17);
      std::this_thread::sleep_for(milliseconds(8000));
    }
    barrier(comm);
    watchdog.end();
  }
  if (comm.rank() == sleeper) {
    EXPECT_EQ(heard.text(), "");
  } else {
    const std::string expected = "rank " + std::to_string(sleeper) + " on " + comm.host() + " has neither computed";
    EXPECT_TRUE(heard.text().starts_with(expected)) << heard.text();
    EXPECT_NE(heard.text().find("phase \"slumber\" of step 17"), std::string::npos) << heard.text();
    const std::string state = heard.state();
    EXPECT_EQ(std::ranges::count(state, '\n'), comm.size()) << state;
    EXPECT_NE(state.find("rank 0 on " + comm.host() + " waits for "), std::string::npos) << state;
    EXPECT_NE(state.find("rank " + std::to_string(sleeper) + " on " + comm.host() + " waits for nobody"),
              std::string::npos)
        << state;
  }
}

TEST(Watchdog, tells_what_a_rank_computes_outside_of_every_phase) {
  const Communicator comm = Communicator::world();
  if (comm.size() == 1) GTEST_SKIP() << "nobody to wait for";
  Heard heard;
  {
    Watchdog watchdog(comm, kFast, std::ref(heard));
    if (comm.rank() == 0) {
      const trace::Span outer("train");
      const trace::Span inner("forward");
      note_step(comm, 3);
      std::this_thread::sleep_for(milliseconds(8000));
    }
    barrier(comm);
    watchdog.end();
  }
  if (comm.rank() == 0) return;
  EXPECT_NE(heard.text().find("in phase \"forward\" of step 3"), std::string::npos) << heard.text();
}

TEST(Watchdog, waits_for_a_rank_that_computes) {
  const Communicator comm = Communicator::world();
  Heard heard;
  {
    Watchdog watchdog(comm, kFast, std::ref(heard));
    const auto start = steady_clock::now();
    while (comm.rank() == 0 && steady_clock::now() - start < milliseconds(4000)) {
    }
    barrier(comm);
    watchdog.end();
  }
  EXPECT_EQ(heard.text(), "");
}

TEST(Watchdog, has_received_every_message_when_it_ends) {
  const Communicator comm = Communicator::world();
  const int64_t before = sent_less_received;
  Heard heard;
  Watchdog watchdog(comm, {.deadline_seconds = 20, .beat_seconds = 0, .answer_seconds = 5}, std::ref(heard));
  std::this_thread::sleep_for(milliseconds(200 + 150 * comm.rank()));  // some end while others still beat
  watchdog.end();
  EXPECT_EQ(sum_over_ranks(comm, sent_less_received - before), 0);
  EXPECT_EQ(heard.text(), "");
}

TEST(Watchdog, names_a_rank_that_does_not_come_to_the_end) {
  const Communicator comm = Communicator::world();
  if (comm.size() == 1) GTEST_SKIP() << "nobody to wait for";
  Heard heard;
  Watchdog watchdog(comm, kFast, std::ref(heard));
  barrier(comm);
  if (comm.rank() == 0) std::this_thread::sleep_for(milliseconds(3000));
  watchdog.end();
  if (comm.rank() != 0) {
    EXPECT_TRUE(heard.text().starts_with("rank 0 on " + comm.host() + " does not answer")) << heard.text();
  }
  barrier(comm);
}

TEST(Watchdog, says_that_all_ranks_wait_for_each_other) {
  const Communicator comm = Communicator::world();
  if (comm.size() == 1) GTEST_SKIP() << "nobody to wait for";
  const Communicator other = comm.duplicate();
  Heard heard;
  {
    Watchdog watchdog(comm, kFast, std::ref(heard));
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
    late.join();
    watchdog.end();
  }
  EXPECT_TRUE(heard.text().starts_with("all ranks wait for each other")) << heard.text();
}

}  // namespace
}  // namespace gigahop::comm
