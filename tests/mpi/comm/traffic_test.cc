/// Bytes and messages against sums worked out by hand.
#include "comm/traffic.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "comm/collectives.h"
#include "comm/exchange.h"

namespace gigahop::comm {
namespace {

/// Of one phase since `before`; nothing if it was never named.
PhaseTraffic since(const Traffic& before, const Communicator& comm, const std::string& phase) {
  const Traffic traffic = traffic_between(before, traffic_of(comm));
  const auto found = std::ranges::find(traffic, phase, &PhaseTraffic::phase);
  return found == traffic.end() ? PhaseTraffic{} : *found;
}

TEST(Traffic, counts_every_message_of_an_exchange_by_its_receiver) {
  const Communicator comm = Communicator::world();
  const Traffic before = traffic_of(comm);
  std::vector<std::vector<char>> messages;
  // 10 bytes for each rank below the receiver, in messages of at most 16.
  for (int to = 0; to < comm.size(); ++to) messages.emplace_back(static_cast<size_t>(10 * to));
  {
    const Phase phase(comm, "exchange");
    all_to_all(comm, messages, 16);
  }
  const PhaseTraffic sent = since(before, comm, "exchange");
  for (int to = 0; to < comm.size(); ++to) {
    const bool is_me = to == comm.rank();
    const std::vector<int64_t> messages_of = {0, 1, 2, 2};
    EXPECT_EQ(sent.to_rank[to], (is_me ? Sent{} : Sent{messages_of[to], 10 * to})) << to;
  }
  EXPECT_EQ(sent.collectives, (comm.size() == 1 ? Sent{} : Sent{1, 8 * comm.size()})) << "the lengths";
}

TEST(Traffic, counts_rows_that_are_fetched_and_the_questions_for_them) {
  const Communicator comm = Communicator::world();
  const Traffic before = traffic_of(comm);
  const int32_t next = (comm.rank() + 1) % comm.size();
  const std::vector<int32_t> owners(3, next);
  const std::vector<int64_t> rows = {4, 4, 1};
  {
    const Phase phase(comm, "rows");
    std::vector<std::byte> out(30);
    run_rows(
        comm, plan_rows(comm, owners, rows), 10, [](int64_t, std::byte* row) { std::fill_n(row, 10, std::byte{1}); },
        out.data(), 10);
  }
  const PhaseTraffic sent = since(before, comm, "rows");
  const int32_t previous = (comm.rank() + comm.size() - 1) % comm.size();
  std::vector<Sent> expected(static_cast<size_t>(comm.size()));
  if (comm.size() > 1) {
    expected[next] += {1, 3 * 8};       // which rows
    expected[previous] += {1, 3 * 10};  // the rows
  }
  EXPECT_EQ(sent.to_rank, expected);
}

TEST(Traffic, counts_calls_and_bytes_of_collectives) {
  const Communicator comm = Communicator::world();
  const Traffic before = traffic_of(comm);
  {
    const Phase phase(comm, "collectives");
    std::vector<double> values(7);
    all_reduce_sum(comm, std::span(values));
    std::vector<std::byte> bytes(5);
    broadcast_bytes(comm, bytes, 0);
    exclusive_sum(comm, 3);
    barrier(comm);
  }
  EXPECT_EQ(since(before, comm, "collectives").collectives, (comm.size() == 1 ? Sent{} : Sent{4, 56 + 5 + 8}));
  EXPECT_EQ(since(before, comm, "collectives").to_all_ranks(), Sent{});
}

TEST(Traffic, of_a_phase_within_a_phase_is_the_outer_ones_and_duplicates_count_together) {
  const Communicator comm = Communicator::world();
  const Communicator twin = comm.duplicate();
  const Traffic before = traffic_of(comm);
  {
    const Phase outer(comm, "outer");
    const Phase inner(comm, "inner");
    const Phase of_twin(twin, "of twin");
    barrier(comm);
    barrier(twin);
  }
  barrier(twin);
  const int64_t once = comm.size() == 1 ? 0 : 1;
  EXPECT_EQ(since(before, comm, "outer").collectives.messages, once);
  EXPECT_EQ(since(before, comm, "of twin").collectives.messages, once);
  EXPECT_EQ(since(before, twin, "other").collectives.messages, once);
  EXPECT_EQ(since(before, comm, "inner").collectives.messages, 0);
}

TEST(Traffic, of_all_ranks_is_gathered_by_phase_and_by_pair) {
  const Communicator comm = Communicator::world();
  const Traffic before = traffic_of(comm);
  for (const char* name : {"b", "a"}) {
    const Phase phase(comm, name);
    std::vector<std::vector<char>> messages(static_cast<size_t>(comm.size()));
    for (int to = 0; to < comm.size(); ++to) messages[to].resize(static_cast<size_t>(1 + comm.rank() + 10 * to));
    all_to_all(comm, messages);
  }
  const GatheredTraffic gathered = gather_traffic(comm, traffic_between(before, traffic_of(comm)));
  if (comm.rank() > 0 || comm.size() == 1) {
    EXPECT_TRUE(gathered.phases.empty() && gathered.pairs.empty());
    return;
  }
  const int64_t size = comm.size();
  EXPECT_EQ(gathered.pairs.size(), static_cast<size_t>(size * (size - 1)));
  int64_t bytes = 0;
  for (const GatheredTraffic::Pair& pair : gathered.pairs) {
    EXPECT_EQ(pair.sent, (Sent{2, 2 * (1 + pair.sender + 10 * pair.receiver)}));
    bytes += pair.sent.bytes;
  }
  EXPECT_EQ(gathered.phases.size(), 2U);
  for (const GatheredTraffic::Line& line : gathered.phases) {
    EXPECT_EQ(line.messages, (Sent{size * (size - 1), bytes / 2}));
    EXPECT_EQ(line.collectives, (Sent{size, size * size * 8}));
  }
  EXPECT_EQ(gathered.phases.front().phase, "a");
}

}  // namespace
}  // namespace gigahop::comm
