#include "train/memory.h"

#include <algorithm>

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

proto::Config config_of(int32_t batch_size) {
  proto::Config config;
  config.mutable_train()->set_batch_size(batch_size);
  return config;
}

/// Batches in which b seeds have 40 b / (1 + b / 100) distinct nodes.
DrawnBatches overlapping(int64_t num_seeds) {
  DrawnBatches drawn;
  for (int64_t b = 0; b <= num_seeds; ++b) {
    drawn.training.push_back({.num_seeds = b, .num_entries = 40 * b, .num_nodes = 4000 * b / (100 + b)});
  }
  return drawn;
}

TEST(TrainingMemory, names_the_largest_batch_that_fits_and_no_larger_one) {
  const proto::Config config = config_of(4096);
  const DrawnBatches overlap = overlapping(4096);
  for (const DrawnBatches* drawn : {static_cast<const DrawnBatches*>(nullptr), &overlap}) {
    const auto bytes_of = [&](int64_t batch_size) {
      proto::Config chosen = config_of(static_cast<int32_t>(batch_size));
      chosen.mutable_train()->set_evaluation_batch_size(static_cast<int32_t>(std::min<int64_t>(2048, batch_size)));
      return forecast_training(chosen, kShare, drawn, 2).total_bytes();
    };
    const int64_t whole = bytes_of(4096);
    EXPECT_EQ(largest_batch_size(config, kShare, drawn, 2, {.host_bytes = whole}), 4096);
    for (const int64_t available : {(whole + bytes_of(1)) / 2, (3 * whole + bytes_of(1)) / 4, whole - 1}) {
      const int64_t largest = largest_batch_size(config, kShare, drawn, 2, {.host_bytes = available});
      EXPECT_GT(largest, 0);
      EXPECT_LT(largest, 4096);
      EXPECT_LE(bytes_of(largest), available);
      EXPECT_GT(bytes_of(largest + 1), available);
    }
  }
}

TEST(TrainingMemory, has_no_batch_where_the_graph_alone_does_not_fit) {
  EXPECT_EQ(largest_batch_size(proto::Config(), kShare, nullptr, 2, {.host_bytes = 1 << 20}), 0);
}

TEST(TrainingMemory, of_samples_that_overlap_is_less_and_never_beyond_the_bound) {
  const proto::Config config = config_of(1024);
  const TrainingMemory bound = forecast_training(config, kShare, nullptr, 2);
  const DrawnBatches overlap = overlapping(1024);
  const TrainingMemory drawn = forecast_training(config, kShare, &overlap, 2);
  EXPECT_LT(drawn.model_bytes, bound.model_bytes / 4);
  EXPECT_LT(drawn.batches_bytes, bound.batches_bytes / 4);
  EXPECT_EQ(drawn.structure_bytes, bound.structure_bytes);
  DrawnBatches apart = overlap;
  for (int64_t b = 0; b <= 1024; ++b) apart.training[b].num_nodes = apart.training[b].num_entries = 50 * b;
  apart.evaluation = apart.training;
  EXPECT_LE(forecast_training(config, kShare, &apart, 2).total_bytes(), bound.total_bytes());
}

TEST(TrainingMemory, names_the_process_and_the_timeline) {
  GraphShare share = kShare;
  const TrainingMemory without = forecast_training(config_of(64), share, nullptr, 2);
  share.process_bytes = 1 << 20;
  share.has_timeline = true;
  const TrainingMemory with = forecast_training(config_of(64), share, nullptr, 2);
  EXPECT_EQ(with.process_bytes, 1 << 20);
  EXPECT_GE(with.trace_bytes, int64_t{40} * 500'000);
  EXPECT_EQ(with.total_bytes(), without.total_bytes() + with.process_bytes + with.trace_bytes);
}

TEST(TrainingMemory, of_a_model_on_a_gpu_is_there_and_not_on_the_host) {
  proto::Config config = config_of(1024);
  const TrainingMemory host = forecast_training(config, kShare, nullptr, 2);
  EXPECT_EQ(host.device_bytes, 0);
  config.set_device(proto::Config::CUDA);
  const TrainingMemory gpu = forecast_training(config, kShare, nullptr, 2);
  EXPECT_GT(gpu.device_bytes, host.optimizer_bytes + kDeviceScratchBytes);
  EXPECT_EQ(gpu.optimizer_bytes, 0);
  EXPECT_LT(gpu.total_bytes(), host.total_bytes());
  EXPECT_EQ(gpu.structure_bytes, host.structure_bytes);
  EXPECT_NE(gpu.describe().find("on the GPU"), std::string::npos);
}

TEST(TrainingMemory, of_token_rows_is_the_gpus_where_they_fit_its_budget_and_pinned_where_they_do_not) {
  proto::Config config = config_of(1024);
  config.set_device(proto::Config::CUDA);
  config.mutable_sampler()->set_cache_bytes(1 << 20);
  GraphShare share = kShare;
  share.num_ranks = 4;
  share.num_owned = 250000;
  const int64_t row_bytes = 3 * share.feature_width * 4;
  const int64_t owned = share.num_owned * row_bytes;
  config.mutable_encode()->set_token_dtype(proto::EncodeConfig::FLOAT32);
  config.mutable_sampler()->set_device_rows_bytes(owned);
  const TrainingMemory there = forecast_training(config, share, nullptr, 2);
  config.mutable_sampler()->set_device_rows_bytes(owned - 1);
  const TrainingMemory pinned = forecast_training(config, share, nullptr, 2);
  EXPECT_EQ(there.device_rows_bytes, owned);
  EXPECT_EQ(there.pinned_rows_bytes, 0);
  EXPECT_EQ(there.device_cache_bytes, (1 << 20) / (row_bytes + 12) * row_bytes);
  EXPECT_EQ(pinned.device_rows_bytes, 0);
  EXPECT_EQ(pinned.device_bytes, there.device_bytes - owned);
  EXPECT_EQ(pinned.total_bytes(), there.total_bytes() + owned);
  config.mutable_sampler()->set_cache_policy(proto::SamplerConfig::NONE);
  EXPECT_EQ(forecast_training(config, share, nullptr, 2).device_bytes, pinned.device_bytes - pinned.device_cache_bytes);
}

TEST(TrainingMemory, of_rows_that_gpus_send_each_other_is_the_gpus_alone) {
  proto::Config config = config_of(1024);
  config.set_device(proto::Config::CUDA);
  GraphShare share = kShare;
  share.num_ranks = 4;
  share.num_owned = 250000;
  const TrainingMemory by_mpi = forecast_training(config, share, nullptr, 2);
  config.mutable_sampler()->set_feature_transport(proto::SamplerConfig::NCCL);
  const TrainingMemory by_nccl = forecast_training(config, share, nullptr, 2);
  EXPECT_GT(by_nccl.device_bytes, by_mpi.device_bytes);
  EXPECT_LT(by_nccl.total_bytes(), by_mpi.total_bytes());
  share.num_ranks = 1;
  const TrainingMemory alone = forecast_training(config, share, nullptr, 2);
  config.mutable_sampler()->set_feature_transport(proto::SamplerConfig::MPI);
  EXPECT_EQ(alone.device_bytes, forecast_training(config, share, nullptr, 2).device_bytes);
}

TEST(TrainingMemory, of_a_gpu_limits_the_batch) {
  proto::Config config = config_of(4096);
  config.set_device(proto::Config::CUDA);
  const TrainingMemory whole = forecast_training(config, kShare, nullptr, 2);
  const int64_t host_bytes = whole.total_bytes();
  EXPECT_EQ(largest_batch_size(config, kShare, nullptr, 2, {host_bytes, whole.device_bytes}), 4096);
  const AvailableMemory less = {host_bytes, whole.device_bytes - 1};
  const int64_t largest = largest_batch_size(config, kShare, nullptr, 2, less);
  EXPECT_LT(largest, 4096);
  ASSERT_GT(largest, 0);
  config.mutable_train()->set_batch_size(static_cast<int32_t>(largest));
  config.mutable_train()->set_evaluation_batch_size(static_cast<int32_t>(largest));
  EXPECT_TRUE(fits(forecast_training(config, kShare, nullptr, 2), less));
}

TEST(DrawnBatches, go_on_as_the_last_of_them_did) {
  EXPECT_EQ(extrapolate({}, 5), 0);
  EXPECT_EQ(extrapolate({7}, 5), 7 * 5);
  EXPECT_EQ(extrapolate({7, 10, 12}, 2), 10);
  EXPECT_EQ(extrapolate({7, 10, 12}, 3), 12);
  EXPECT_EQ(extrapolate({7, 10, 12}, 5), 16);
  EXPECT_EQ(extrapolate({7, 10}, 0), 0);
}

}  // namespace
}  // namespace gigahop::train
