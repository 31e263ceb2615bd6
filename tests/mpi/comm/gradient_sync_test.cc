// Gradients summed in the background, beside collectives of the thread that waits for them.
#include "comm/gradient_sync.h"

#include <gtest/gtest.h>

#include <vector>

#include "comm/collectives.h"

namespace gigahop::comm {
namespace {

float value_of(int rank, int64_t element) {
  return static_cast<float>((element * 7 + rank * 13) % 101);
}

TEST(GradientSync, sums_every_bucket_while_its_thread_makes_collectives_of_its_own) {
  const Communicator comm = Communicator::world();
  Cpu dev;
  GradientSync<Cpu> sync(dev, comm);
  const std::vector<int64_t> sizes = {1, 0, 70000, 13, 4097};
  for (int round = 0; round < 3; ++round) {
    std::vector<std::vector<float>> buckets;
    for (const int64_t size : sizes) {
      std::vector<float>& bucket = buckets.emplace_back();
      for (int64_t i = 0; i < size; ++i) bucket.push_back(value_of(comm.rank() + round, i));
    }
    for (std::vector<float>& bucket : buckets) {
      sync.start({bucket.data(), static_cast<int64_t>(bucket.size())});
      EXPECT_EQ(sum_over_ranks(comm, int64_t{1}), comm.size());
    }
    sync.finish();
    for (const std::vector<float>& bucket : buckets) {
      for (size_t i = 0; i < bucket.size(); ++i) {
        float expected = 0;
        for (int rank = 0; rank < comm.size(); ++rank) expected += value_of(rank + round, static_cast<int64_t>(i));
        EXPECT_EQ(bucket[i], expected);
      }
    }
  }
}

TEST(GradientSync, has_nothing_to_wait_for_where_nothing_was_started) {
  const Communicator comm = Communicator::world();
  Cpu dev;
  GradientSync<Cpu> sync(dev, comm);
  sync.finish();
  EXPECT_GE(sync.waited_seconds(), 0);
}

}  // namespace
}  // namespace gigahop::comm
