// Collectives against the values each rank can work out alone.
#include "comm/collectives.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <thread>

#include "base/random.h"
#include "comm/communicator.h"

namespace gigahop::comm {
namespace {

constexpr int64_t kSizes[] = {0, 1, 7, 10, 1000, 4097};

template <class T>
std::vector<T> values_of(int rank, int64_t size) {
  std::vector<T> values(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) values[static_cast<size_t>(i)] = static_cast<T>((i * 7 + rank * 13) % 101);
  return values;
}

template <class T>
void expect_reductions(const Communicator& comm) {
  for (const int64_t size : kSizes) {
    std::vector<T> sum = values_of<T>(comm.rank(), size);
    std::vector<T> highest = sum;
    std::vector<T> lowest = sum;
    all_reduce_sum(comm, std::span(sum));
    all_reduce_max(comm, std::span(highest));
    all_reduce_min(comm, std::span(lowest));
    std::vector<T> expected_sum(static_cast<size_t>(size));
    std::vector<T> expected_max = values_of<T>(0, size);
    std::vector<T> expected_min = expected_max;
    for (int rank = 0; rank < comm.size(); ++rank) {
      const std::vector<T> theirs = values_of<T>(rank, size);
      for (size_t i = 0; i < theirs.size(); ++i) {
        expected_sum[i] += theirs[i];
        expected_max[i] = std::max(expected_max[i], theirs[i]);
        expected_min[i] = std::min(expected_min[i], theirs[i]);
      }
    }
    EXPECT_EQ(sum, expected_sum);
    EXPECT_EQ(highest, expected_max);
    EXPECT_EQ(lowest, expected_min);
  }
}

TEST(Collectives, reduce_every_type_at_every_size) {
  const Communicator comm = Communicator::world();
  expect_reductions<float>(comm);
  expect_reductions<double>(comm);
  expect_reductions<int32_t>(comm);
  expect_reductions<int64_t>(comm);
  expect_reductions<uint64_t>(comm);
}

TEST(Collectives, sum_floats_to_the_same_bits_every_time_and_on_every_rank) {
  const Communicator comm = Communicator::world();
  for (const int64_t size : {1, 10, 1000, 100003}) {
    std::vector<float> mine(static_cast<size_t>(size));
    for (size_t i = 0; i < mine.size(); ++i) {
      mine[i] =
          to_normal(static_cast<uint32_t>(scatter(i * 2 + 1)), static_cast<uint32_t>(scatter(i + comm.rank() * 97)));
    }
    std::vector<float> first = mine;
    all_reduce_sum(comm, std::span(first));
    for (int repeat = 0; repeat < 3; ++repeat) {
      std::vector<float> again = mine;
      all_reduce_sum(comm, std::span(again));
      EXPECT_EQ(std::memcmp(first.data(), again.data(), first.size() * sizeof(float)), 0);
    }
    std::vector<float> of_root = first;
    broadcast(comm, std::span(of_root), 0);
    EXPECT_EQ(std::memcmp(first.data(), of_root.data(), first.size() * sizeof(float)), 0);
  }
}

TEST(Collectives, broadcast_from_every_root) {
  const Communicator comm = Communicator::world();
  for (int root = 0; root < comm.size(); ++root) {
    for (const int64_t size : kSizes) {
      std::vector<int64_t> values = values_of<int64_t>(comm.rank(), size);
      broadcast(comm, std::span(values), root);
      EXPECT_EQ(values, values_of<int64_t>(root, size));
    }
    EXPECT_EQ(broadcast_text(comm, std::string(static_cast<size_t>(comm.rank()) * 3, 'x'), root),
              std::string(static_cast<size_t>(root) * 3, 'x'));
  }
}

TEST(Collectives, gather_equal_and_varied_lengths_in_rank_order) {
  const Communicator comm = Communicator::world();
  for (const int64_t size : kSizes) {
    const std::vector<int32_t> equal = values_of<int32_t>(comm.rank(), size);
    const std::vector<std::byte> gathered = all_gather_bytes(comm, std::as_bytes(std::span(equal)));
    const std::vector<int32_t> varied = values_of<int32_t>(comm.rank(), size * comm.rank());
    const std::vector<int32_t> all_varied = all_gather_varied(comm, std::span(varied));
    std::vector<int32_t> expected_equal;
    std::vector<int32_t> expected_varied;
    for (int rank = 0; rank < comm.size(); ++rank) {
      for (const int32_t value : values_of<int32_t>(rank, size)) expected_equal.push_back(value);
      for (const int32_t value : values_of<int32_t>(rank, size * rank)) expected_varied.push_back(value);
    }
    const auto expected_bytes = std::as_bytes(std::span(expected_equal));
    EXPECT_TRUE(std::equal(gathered.begin(), gathered.end(), expected_bytes.begin(), expected_bytes.end()));
    EXPECT_EQ(all_varied, expected_varied);
  }
}

TEST(Collectives, scalar_helpers_see_all_ranks) {
  const Communicator comm = Communicator::world();
  const int64_t mine = comm.rank() + 1;
  EXPECT_EQ(sum_over_ranks(comm, mine), comm.size() * (comm.size() + 1) / 2);
  EXPECT_EQ(max_over_ranks(comm, mine), comm.size());
  EXPECT_EQ(exclusive_sum(comm, mine), mine * (mine - 1) / 2);
}

TEST(Communicator, knows_the_ranks_of_its_host) {
  const Communicator comm = Communicator::world();
  EXPECT_EQ(comm.ranks_on_host(), comm.size());
  EXPECT_EQ(comm.rank_on_host(), comm.rank());
  EXPECT_FALSE(comm.host().empty());
}

TEST(Communicator, counts_seconds_and_bytes) {
  const Communicator comm = Communicator::world();
  const int64_t before = comm.bytes_sent();
  std::vector<float> values(1000);
  all_reduce_sum(comm, std::span(values));
  EXPECT_EQ(comm.bytes_sent() - before, comm.size() == 1 ? 0 : 8000);
  barrier(comm);
  EXPECT_GT(comm.seconds(), 0.0);
}

TEST(Communicator, two_threads_use_duplicates_at_the_same_time) {
  const Communicator comm = Communicator::world();
  const Communicator other = comm.duplicate();
  const auto run = [](const Communicator& mine, int64_t factor) {
    for (int64_t round = 0; round < 200; ++round) {
      const int64_t ranks = mine.size();
      EXPECT_EQ(sum_over_ranks(mine, factor * round * (mine.rank() + 1)), factor * round * ranks * (ranks + 1) / 2);
      std::vector<int64_t> varied(static_cast<size_t>(mine.rank()), factor + round);
      const std::vector<int64_t> all = all_gather_varied(mine, std::span<const int64_t>(varied));
      EXPECT_EQ(std::count(all.begin(), all.end(), factor + round), ranks * (ranks - 1) / 2);
    }
  };
  std::thread second([&] { run(other, 1000); });
  run(comm, 1);
  second.join();
  barrier(comm);
}

}  // namespace
}  // namespace gigahop::comm
