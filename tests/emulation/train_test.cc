/// Whole trainings on emulated GPUs: what the CPU does, to rounding, on any number of ranks; resumed exactly.
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "array/npy.h"
#include "base/error.h"
#include "mpi/train/planted.h"
#include "train/memory_plan.h"
#include "train/predictor.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using proto::ModelConfig;

/// Of sums in another order and of other exponentials, over a few steps of Adam, which divides by small second moments.
constexpr double kLossTolerance = 5e-5;
constexpr double kParameterTolerance = 5e-3;

proto::Config on(proto::Config::Device device, ModelConfig::Attention attention) {
  proto::Config config = planted_config();
  config.set_device(device);
  config.mutable_model()->set_attention(attention);
  return config;
}

/// A batch norm or a softmax behind a bias may cancel it. Its gradient is then rounding alone, which Adam turns into
/// whole steps, and the running mean of that batch norm follows.
bool is_determined(const std::string& name) {
  return !name.ends_with(".bias") && !name.ends_with("running_mean");
}

void expect_close(const Trained& found, const Trained& expected) {
  EXPECT_EQ(found.losses.size(), expected.losses.size());
  for (size_t i = 0; i < std::min(found.losses.size(), expected.losses.size()); ++i) {
    EXPECT_NEAR(found.losses[i], expected.losses[i], kLossTolerance) << "step " << i;
  }
  for (const auto& [name, values] : expected.parameters) {
    if (!is_determined(name)) continue;
    const std::vector<float>& others = found.parameters.at(name);
    EXPECT_EQ(others.size(), values.size()) << name;
    double worst = 0;
    for (size_t i = 0; i < std::min(values.size(), others.size()); ++i) {
      const double difference = std::abs(static_cast<double>(values[i]) - others[i]);
      worst =
          std::isnan(difference) ? INFINITY : std::max(worst, difference / std::max(1.0, std::abs(double{values[i]})));
    }
    EXPECT_LT(worst, kParameterTolerance) << name;
  }
}

class EmulatedTraining : public testing::TestWithParam<ModelConfig::Attention> {};

TEST_P(EmulatedTraining, loses_what_the_cpu_loses_and_ends_where_it_ends) {
  const comm::Communicator world = comm::Communicator::world();
  const std::string name = ModelConfig::Attention_Name(GetParam());
  const fs::path folder = empty_folder(world, "emulated_" + name);
  write_planted(world, folder / "partition", kPlantedParts);
  const Trained cpu = train_planted(world, on(proto::Config::CPU, GetParam()), folder / "partition", folder / "cpu");
  const Trained gpu = train_planted(world, on(proto::Config::CUDA, GetParam()), folder / "partition", folder / "gpu");
  EXPECT_EQ(gpu.losses.size(), 8U);
  expect_close(gpu, cpu);
  EXPECT_NEAR(gpu.result.best_valid_accuracy, cpu.result.best_valid_accuracy, 0.02);
}

INSTANTIATE_TEST_SUITE_P(OfEveryKind, EmulatedTraining,
                         testing::Values(ModelConfig::NONE, ModelConfig::LOCAL, ModelConfig::GLOBAL, ModelConfig::FULL),
                         [](const auto& kind) { return ModelConfig::Attention_Name(kind.param); });

TEST(EmulatedCheckpoint, of_a_run_that_is_stopped_and_resumed_equals_that_of_an_uninterrupted_one_bit_for_bit) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "emulated_resume");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = on(proto::Config::CUDA, ModelConfig::FULL);
  const Trained whole = train_planted(world, config, folder / "partition", folder / "whole");
  std::vector<double> losses;
  Trained resumed;
  for (const int64_t stop : {3, 0}) {
    config.mutable_train()->set_max_steps(stop);
    resumed = train_planted(world, config, folder / "partition", folder / "cut", {.start = train::Start::kResume});
    losses.insert(losses.end(), resumed.losses.begin(), resumed.losses.end());
  }
  EXPECT_EQ(losses, whole.losses);
  EXPECT_EQ(resumed.parameters, whole.parameters);
  EXPECT_EQ(resumed.moments, whole.moments);
  EXPECT_EQ(resumed.codes, whole.codes);
  EXPECT_FALSE(whole.codes.empty());
}

/// Where rows come from changes no bit: the device's memory, the host's, the cache, renewed between epochs, or others,
/// by MPI or NCCL.
TEST(EmulatedRows, give_the_same_training_wherever_they_lie) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "emulated_rows");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = on(proto::Config::CUDA, ModelConfig::LOCAL);
  proto::SamplerConfig& sampler = *config.mutable_sampler();
  sampler.set_cache_policy(proto::SamplerConfig::NONE);
  const Trained plain = train_planted(world, config, folder / "partition", folder / "plain");
  const Trained cpu =
      train_planted(world, on(proto::Config::CPU, ModelConfig::LOCAL), folder / "partition", folder / "cpu");
  expect_close(plain, cpu);
  sampler.set_cache_bytes(5000);
  struct Way {
    proto::SamplerConfig::CachePolicy policy;
    int64_t device_rows_bytes;
    proto::SamplerConfig::FeatureTransport transport;
  };
  constexpr int64_t kAll = int64_t{1} << 30;
  for (const Way way : {Way{proto::SamplerConfig::NONE, 0, proto::SamplerConfig::MPI},
                        Way{proto::SamplerConfig::DEGREE, kAll, proto::SamplerConfig::MPI},
                        Way{proto::SamplerConfig::VIP, 0, proto::SamplerConfig::MPI},
                        Way{proto::SamplerConfig::PRESAMPLE, 0, proto::SamplerConfig::MPI},
                        Way{proto::SamplerConfig::NONE, kAll, proto::SamplerConfig::NCCL},
                        Way{proto::SamplerConfig::PRESAMPLE, 0, proto::SamplerConfig::NCCL}}) {
    sampler.set_cache_policy(way.policy);
    sampler.set_device_rows_bytes(way.device_rows_bytes);
    sampler.set_feature_transport(way.transport);
    const std::string name = proto::SamplerConfig::CachePolicy_Name(way.policy) + "_" +
                             proto::SamplerConfig::FeatureTransport_Name(way.transport);
    const Trained trained = train_planted(world, config, folder / "partition", folder / name);
    EXPECT_EQ(trained.losses, plain.losses) << name;
    EXPECT_EQ(trained.parameters, plain.parameters) << name;
    EXPECT_EQ(trained.moments, plain.moments) << name;
  }
}

TEST(EmulatedPrediction, of_a_checkpoint_is_that_of_the_cpu) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "emulated_predict");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = on(proto::Config::CUDA, ModelConfig::FULL);
  config.mutable_train()->set_epochs(1);
  config.mutable_predict()->set_logits(true);
  train_planted(world, config, folder / "partition", folder / "run");
  const auto logits_on = [&](proto::Config::Device device) {
    config.set_device(device);
    const fs::path output = folder / proto::Config::Device_Name(device);
    train::predict(world, config, folder / "partition", ranks_of_parts(kPlantedParts, world.size()), folder / "run",
                   output, {.output = train::Output::kQuiet});
    const array::NpyArray array(output / "logits.npy");
    const std::span<const float> values = array.values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  const std::vector<float> cpu = logits_on(proto::Config::CPU);
  const std::vector<float> gpu = logits_on(proto::Config::CUDA);
  EXPECT_EQ(gpu.size(), cpu.size());
  for (size_t i = 0; i < std::min(cpu.size(), gpu.size()); ++i) EXPECT_NEAR(gpu[i], cpu[i], 1e-4) << i;
}

/// One error of the device that says what was forecast and which batch fits.
void expect_out_of_memory(const std::string& when, const std::function<void()>& run) {
  try {
    run();
    ADD_FAILURE() << "no error " << when;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kDevice) << error.what();
    for (const char* part : {"CUDA device ", "out of memory", "are free", "training is forecast to need", "batch"}) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << when << ": " << error.what();
    }
  }
}

TEST(EmulatedMemory, that_does_not_suffice_is_an_error_that_says_how_much_is_missing) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "emulated_memory");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = on(proto::Config::CUDA, ModelConfig::FULL);
  config.mutable_model()->set_hidden_width(4096);
  const int64_t free_bytes = train::free_device_memory(world, config);
  EXPECT_GT(free_bytes, 0);
  const train::MemoryPlan plan = train::plan_memory(
      world, config, folder / "partition", ranks_of_parts(kPlantedParts, world.size()),
      {.host_bytes = int64_t{1} << 50, .device_bytes = free_bytes}, train::Drawing::kIfNeeded, train::Timeline::kNone);
  EXPECT_FALSE(plan.fits);
  EXPECT_GT(plan.memory.device_bytes, free_bytes);
  expect_out_of_memory("before it begins", [&] { train::require_device_memory(world, plan, free_bytes); });
  expect_out_of_memory("when it is met",
                       [&] { train_planted(world, config, folder / "partition", folder / "run", {.forecast = plan}); });
}

}  // namespace
}  // namespace gigahop::tests
