// Messages and rows between ranks, with chunks of a few bytes so that every boundary is crossed.
#include "comm/exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "comm/communicator.h"

namespace gigahop::comm {
namespace {

std::vector<int32_t> message_of(int from, int to, int64_t size) {
  std::vector<int32_t> message;
  for (int64_t i = 0; i < size; ++i) message.push_back(static_cast<int32_t>(from * 1000000 + to * 10000 + i));
  return message;
}

/// Lengths differ by pair, and some pairs say nothing.
int64_t length_of(int from, int to, int64_t size) {
  return (from + 2 * to) % 3 == 1 ? 0 : size + from + 2 * to;
}

TEST(AllToAll, delivers_each_message_to_its_rank_at_every_size_and_chunk) {
  const Communicator comm = Communicator::world();
  for (const int64_t chunk : {int64_t{1}, int64_t{7}, int64_t{64}, kMaxMessageBytes}) {
    for (const int64_t size : {0, 1, 10, 333}) {
      std::vector<std::vector<int32_t>> messages;
      for (int to = 0; to < comm.size(); ++to) {
        messages.push_back(message_of(comm.rank(), to, length_of(comm.rank(), to, size)));
      }
      const ReceivedValues<int32_t> received = all_to_all(comm, messages, chunk);
      for (int from = 0; from < comm.size(); ++from) {
        const auto theirs = received.from(from);
        EXPECT_EQ(std::vector<int32_t>(theirs.begin(), theirs.end()),
                  message_of(from, comm.rank(), length_of(from, comm.rank(), size)));
      }
    }
  }
}

TEST(AllToAll, delivers_nothing_when_nobody_sends) {
  const Communicator comm = Communicator::world();
  const std::vector<std::vector<int64_t>> silence(static_cast<size_t>(comm.size()));
  const ReceivedValues<int64_t> received = all_to_all(comm, silence);
  EXPECT_TRUE(received.values.empty());
  EXPECT_EQ(received.offsets, std::vector<int64_t>(static_cast<size_t>(comm.size()) + 1));
}

TEST(AllToAll, uses_a_buffer_again_for_longer_and_shorter_messages) {
  const Communicator comm = Communicator::world();
  ReceivedValues<int32_t> received;
  for (const int64_t size : {100, 3, 0, 1000}) {
    std::vector<std::vector<int32_t>> messages;
    for (int to = 0; to < comm.size(); ++to) {
      messages.push_back(message_of(comm.rank(), to, length_of(comm.rank(), to, size)));
    }
    const std::vector<std::span<const int32_t>> spans(messages.begin(), messages.end());
    all_to_all_into<int32_t>(comm, spans, received, 64);
    for (int from = 0; from < comm.size(); ++from) {
      EXPECT_TRUE(
          std::ranges::equal(received.from(from), message_of(from, comm.rank(), length_of(from, comm.rank(), size))));
    }
  }
}

constexpr int64_t kRowsPerRank = 50;

/// Row r of rank q holds these bytes.
std::byte byte_of(int rank, int64_t row, int64_t at) {
  return static_cast<std::byte>(rank * 31 + row * 7 + at);
}

void expect_rows(const Communicator& comm, int64_t num_wanted, int64_t row_bytes, int64_t chunk) {
  std::vector<int32_t> owners;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < num_wanted; ++i) {
    const uint64_t word = scatter(static_cast<uint64_t>(i * comm.size() + comm.rank() + 1));
    owners.push_back(static_cast<int32_t>(word % static_cast<uint64_t>(comm.size())));
    rows.push_back(static_cast<int64_t>(word >> 32) % kRowsPerRank);
  }
  const RowPlan plan = plan_rows(comm, owners, rows);
  EXPECT_EQ(plan.num_wanted(), num_wanted);
  const int64_t stride = row_bytes + 3;
  constexpr auto kUntouched = static_cast<std::byte>(0xee);
  for (int repeat = 0; repeat < 2; ++repeat) {
    std::vector<std::byte> out(static_cast<size_t>(num_wanted * stride), kUntouched);
    run_rows(
        comm, plan, row_bytes,
        [&](int64_t row, std::byte* target) {
          for (int64_t at = 0; at < row_bytes; ++at) target[at] = byte_of(comm.rank(), row, at);
        },
        out.data(), stride, chunk);
    int64_t wrong = 0;
    for (int64_t i = 0; i < num_wanted; ++i) {
      for (int64_t at = 0; at < stride; ++at) {
        const std::byte expected = at < row_bytes ? byte_of(owners[i], rows[i], at) : kUntouched;
        wrong += out[static_cast<size_t>(i * stride + at)] == expected ? 0 : 1;
      }
    }
    EXPECT_EQ(wrong, 0) << num_wanted << " rows of " << row_bytes << " bytes, chunk " << chunk;
  }
}

TEST(Rows, arrive_at_the_places_that_asked_for_them) {
  const Communicator comm = Communicator::world();
  for (const int64_t chunk : {int64_t{7}, int64_t{100}, kMaxMessageBytes}) {
    for (const int64_t row_bytes : {0, 1, 12, 20}) {
      for (const int64_t num_wanted : {0, 1, 10, 501}) expect_rows(comm, num_wanted, row_bytes, chunk);
    }
  }
}

TEST(Rows, one_rank_may_want_rows_while_others_want_none) {
  const Communicator comm = Communicator::world();
  expect_rows(comm, comm.rank() == comm.size() - 1 ? 100 : 0, 8, 24);
}

}  // namespace
}  // namespace gigahop::comm
