#include "train/memory.h"

#include <gtest/gtest.h>

namespace gigahop::train {
namespace {

const GraphShare kShare = {.num_nodes = 1000000,
                           .num_total_edges = 10000000,
                           .num_total_train = 500000,
                           .num_ranks = 1,
                           .num_owned = 1000000,
                           .num_halo = 0,
                           .num_edges = 10000000,
                           .num_train = 500000,
                           .feature_width = 128,
                           .positional_width = 64,
                           .num_classes = 40};

TEST(TrainingMemory, names_the_largest_batch_that_fits_and_no_larger_one) {
  proto::Config config;
  config.mutable_train()->set_batch_size(4096);
  const int64_t whole = forecast_training(config, kShare, 2).total_bytes();
  EXPECT_EQ(largest_batch_size(config, kShare, 2, whole), 4096);
  for (const int64_t available : {whole / 2, whole / 3, whole - 1}) {
    const int64_t largest = largest_batch_size(config, kShare, 2, available);
    EXPECT_GT(largest, 0);
    EXPECT_LT(largest, 4096);
    proto::Config chosen = config;
    const auto bytes_of = [&](int64_t batch_size) {
      chosen.mutable_train()->set_batch_size(static_cast<int32_t>(batch_size));
      chosen.mutable_train()->set_evaluation_batch_size(static_cast<int32_t>(std::min<int64_t>(2048, batch_size)));
      return forecast_training(chosen, kShare, 2).total_bytes();
    };
    EXPECT_LE(bytes_of(largest), available);
    EXPECT_GT(bytes_of(largest + 1), available);
  }
}

TEST(TrainingMemory, has_no_batch_where_the_graph_alone_does_not_fit) {
  EXPECT_EQ(largest_batch_size(proto::Config(), kShare, 2, 1 << 20), 0);
}

}  // namespace
}  // namespace gigahop::train
