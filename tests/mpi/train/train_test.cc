/// Whole trainings on a planted graph: the same on any number of ranks, resumed exactly, and learning.
#include <algorithm>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "array/safetensors.h"
#include "base/error.h"
#include "comm/collectives.h"
#include "planted.h"
#include "train/checkpoint_folder.h"
#include "train/metrics_log.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using proto::ModelConfig;
using train::Start;

/// Rounding of sums in another order, over a few steps of Adam, which divides by small second moments.
constexpr double kLossTolerance = 2e-5;
constexpr double kParameterTolerance = 2e-3;

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  EXPECT_EQ(a.size(), b.size());
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << "step " << i;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double scale = std::max(1.0, std::abs(static_cast<double>(a[i])));
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]) / scale);
  }
  return largest;
}

/// A batch norm or a softmax behind a bias may cancel it. Its gradient is then rounding alone, which Adam turns into
/// whole steps, and the running mean of that batch norm follows.
bool is_determined(const std::string& name) {
  return !name.ends_with(".bias") && !name.ends_with("running_mean");
}

void expect_same_model(const Trained& a, const Trained& b) {
  for (const auto& [name, values] : a.parameters) {
    if (!is_determined(name)) continue;
    EXPECT_LT(largest_difference(values, b.parameters.at(name)), kParameterTolerance) << name;
  }
}

/// Each rank on its own, in a folder of its own.
fs::path own_folder(const fs::path& folder, const comm::Communicator& world) {
  return folder / ("alone-" + std::to_string(world.rank()));
}

std::string complaint(const std::function<void()>& call, ErrorKind kind) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, kind) << error.what();
    return error.what();
  }
  return "";
}

TEST(Training, gives_the_losses_and_parameters_of_a_single_rank) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "ranks");
  write_planted(world, folder / "partition", kPlantedParts);
  const proto::Config config = planted_config();
  const Trained together = train_planted(world, config, folder / "partition", folder / "together");
  const Trained alone =
      train_planted(comm::Communicator::self(), config, folder / "partition", own_folder(folder, world));
  expect_near(together.losses, alone.losses, kLossTolerance);
  expect_same_model(together, alone);
  EXPECT_NEAR(together.result.best_valid_accuracy, alone.result.best_valid_accuracy, 0.02);
}

TEST(Training, of_one_batch_an_epoch_does_not_depend_on_the_partition) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "parts");
  write_planted(world, folder / "eight", 8);
  write_planted(world, folder / "five", 5);
  proto::Config config = planted_config();
  config.mutable_train()->set_batch_size(kPlantedNodes);
  config.mutable_train()->set_epochs(4);
  const Trained eight = train_planted(world, config, folder / "eight", folder / "run_eight");
  const Trained five = train_planted(world, config, folder / "five", folder / "run_five");
  EXPECT_EQ(eight.losses.size(), 4U);
  expect_near(eight.losses, five.losses, kLossTolerance);
  expect_same_model(eight, five);
}

TEST(Training, that_is_stopped_and_resumed_equals_an_uninterrupted_one_bit_for_bit) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "resume");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  config.mutable_train()->set_schedule(proto::TrainConfig::COSINE);
  const Trained whole = train_planted(world, config, folder / "partition", folder / "whole");
  EXPECT_EQ(whole.losses.size(), 8U);

  std::vector<double> losses;
  Trained resumed;
  for (const int64_t stop : {2, 4, 7, 0}) {
    config.mutable_train()->set_max_steps(stop);
    resumed = train_planted(world, config, folder / "partition", folder / "cut", {.start = Start::kResume});
    losses.insert(losses.end(), resumed.losses.begin(), resumed.losses.end());
  }
  EXPECT_EQ(losses, whole.losses);
  EXPECT_EQ(resumed.parameters, whole.parameters);
  EXPECT_EQ(resumed.moments, whole.moments);
  EXPECT_EQ(resumed.codes, whole.codes);
  EXPECT_FALSE(whole.codes.empty());
  EXPECT_EQ(resumed.result.best_valid_accuracy, whole.result.best_valid_accuracy);

  const auto lines_whole = train::read_metrics(folder / "whole" / train::kMetricsFile);
  const auto lines_cut = train::read_metrics(folder / "cut" / train::kMetricsFile);
  EXPECT_EQ(lines_whole.size(), 3U);
  EXPECT_EQ(lines_cut.size(), 3U);
  for (size_t i = 0; i < std::min(lines_whole.size(), lines_cut.size()); ++i) {
    EXPECT_EQ(lines_whole[i].step(), lines_cut[i].step());
    EXPECT_EQ(lines_whole[i].loss(), lines_cut[i].loss());
    EXPECT_EQ(lines_whole[i].train_accuracy(), lines_cut[i].train_accuracy());
    EXPECT_EQ(lines_whole[i].test_accuracy(), lines_cut[i].test_accuracy());
  }
  const Trained again = train_planted(world, config, folder / "partition", folder / "cut", {.start = Start::kResume});
  EXPECT_TRUE(again.losses.empty()) << "a complete run has nothing to do";
}

TEST(Training, goes_on_with_another_number_of_ranks) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "elastic");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  const Trained whole = train_planted(world, config, folder / "partition", folder / "whole");
  config.mutable_train()->set_max_steps(3);
  train_planted(world, config, folder / "partition", folder / "cut");
  config.mutable_train()->set_max_steps(0);
  const fs::path alone = own_folder(folder, world);
  fs::copy(folder / "cut", alone, fs::copy_options::recursive);
  const Trained resumed =
      train_planted(comm::Communicator::self(), config, folder / "partition", alone, {.start = Start::kResume});
  expect_near(resumed.losses, {whole.losses.begin() + 3, whole.losses.end()}, kLossTolerance);
  expect_same_model(resumed, whole);
}

TEST(Training, learns_with_every_kind_of_attention) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "attention");
  write_planted(world, folder / "partition", kPlantedParts);
  for (const auto attention : {ModelConfig::NONE, ModelConfig::LOCAL, ModelConfig::GLOBAL, ModelConfig::FULL}) {
    const std::string name = ModelConfig::Attention_Name(attention);
    proto::Config config = planted_config();
    config.mutable_model()->set_attention(attention);
    config.mutable_train()->set_epochs(12);
    const Trained trained = train_planted(world, config, folder / "partition", folder / name);
    const double first = trained.losses[0] + trained.losses[1] + trained.losses[2] + trained.losses[3];
    EXPECT_LT(4 * trained.result.last_loss, 0.9 * first) << name;
    EXPECT_GT(trained.result.best_valid_accuracy, 0.45) << name;
  }
}

TEST(Training, with_clipping_warm_up_independent_samples_and_frozen_samples_runs) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "options");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  config.mutable_train()->set_clip_gradient_norm(0.1);
  config.mutable_train()->set_weight_decay(0.01);
  config.mutable_train()->set_warm_up_steps(3);
  config.mutable_sampler()->set_sampling(proto::SamplerConfig::INDEPENDENT);
  config.mutable_sampler()->set_resample_every_epochs(0);
  config.mutable_sampler()->set_isolated(proto::SamplerConfig::SELF);
  config.mutable_train()->set_evaluate_every_epochs(0);
  config.mutable_train()->set_checkpoint_every_steps(3);
  const Trained together = train_planted(world, config, folder / "partition", folder / "together");
  const Trained alone =
      train_planted(comm::Communicator::self(), config, folder / "partition", own_folder(folder, world));
  expect_near(together.losses, alone.losses, kLossTolerance);
  EXPECT_EQ(train::list_checkpoints(folder / "together" / "checkpoints", train::Completeness::kComplete),
            (std::vector<int64_t>{6, 8}));
  EXPECT_EQ(train::best_checkpoint(folder / "together"), folder / "together" / "checkpoints" / "step-000000008");
}

TEST(Training, ends_at_an_epochs_end_when_its_time_is_over) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "clock");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  config.mutable_train()->set_epochs(1000);
  config.mutable_train()->set_evaluate_every_epochs(0);
  config.mutable_train()->set_max_seconds(1e-6);
  const Trained trained = train_planted(world, config, folder / "partition", folder / "run");
  EXPECT_EQ(trained.result.epoch, 1);
  EXPECT_GT(trained.result.best_valid_accuracy, 0);
}

TEST(Training, of_no_epochs_leaves_an_evaluated_checkpoint) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "untrained");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  config.mutable_train()->set_epochs(0);
  const Trained trained = train_planted(world, config, folder / "partition", folder / "run");
  EXPECT_TRUE(trained.losses.empty());
  EXPECT_EQ(trained.result.step, 0);
  EXPECT_GE(trained.result.best_valid_accuracy, 0);
}

TEST(Training, starts_from_given_weights) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "weights");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  train_planted(world, config, folder / "partition", folder / "first");
  const fs::path weights = *train::best_checkpoint(folder / "first") / train::kModelFile;
  config.mutable_train()->set_epochs(0);
  const Trained given = train_planted(world, config, folder / "partition", folder / "second", {.init_from = weights});
  const array::SafetensorsFile file(weights);
  const array::SafetensorsFile started(folder / "second" / "checkpoints" / "step-000000000" / train::kModelFile);
  for (const auto& [name, tensor] : file.tensors()) {
    if (name == "codebook.histogram") continue;
    EXPECT_TRUE(std::ranges::equal(tensor.bytes, started.at(name).bytes)) << name;
  }
  config.mutable_model()->set_hidden_width(16);
  const std::string refused =
      complaint([&] { train_planted(world, config, folder / "partition", folder / "third", {.init_from = weights}); },
                ErrorKind::kData);
  EXPECT_NE(refused.find("float32 ["), std::string::npos) << refused;
  EXPECT_FALSE(fs::exists(folder / "third" / "checkpoints"));
}

TEST(Training, refuses_what_does_not_belong_together) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "refusals");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  config.mutable_train()->set_max_steps(1);
  train_planted(world, config, folder / "partition", folder / "run");
  config.mutable_train()->set_max_steps(0);
  const auto resume = [&](const proto::Config& changed, const fs::path& partition, ErrorKind kind) {
    return complaint([&] { train_planted(world, changed, partition, folder / "run", {.start = Start::kResume}); },
                     kind);
  };

  EXPECT_NE(complaint([&] { train_planted(world, config, folder / "partition", folder / "run"); }, ErrorKind::kData),
            "");
  proto::Config other_shape = config;
  other_shape.mutable_model()->set_hidden_width(16);
  EXPECT_NE(resume(other_shape, folder / "partition", ErrorKind::kData).find("model.hidden_width 12, found 16"),
            std::string::npos);
  proto::Config other_seed = config;
  other_seed.set_seed(2);
  EXPECT_NE(resume(other_seed, folder / "partition", ErrorKind::kConfig), "");

  if (world.rank() == 0) {
    PartitionInput other = planted_input(kPlantedParts);
    other.graph.edges.pop_back();
    write_partition_folder(folder / "other_graph", other);
    write_partition_folder(folder / "other_parts", planted_input(5));
  }
  comm::barrier(world);
  EXPECT_NE(resume(config, folder / "other_graph", ErrorKind::kData).find("another graph"), std::string::npos);
  EXPECT_NE(resume(config, folder / "other_parts", ErrorKind::kData).find("parts 8, partition"), std::string::npos);
  EXPECT_EQ(resume(config, folder / "partition", ErrorKind::kData), "");
}

}  // namespace
}  // namespace gigahop::tests
