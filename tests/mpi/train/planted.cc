#include "planted.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "array/npy.h"
#include "array/safetensors.h"
#include "base/random.h"
#include "comm/collectives.h"
#include "graph/partition_folder.h"
#include "train/checkpoint_reader.h"

namespace gigahop::tests {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kCommunities = 3;
constexpr RandomKey kKey{5};

float uniform(int64_t id, uint32_t element) {
  return to_uniform(random_words(kKey, Purpose::kTest, 0, static_cast<uint64_t>(id), element)[0]);
}

std::map<std::string, std::vector<float>> numbers_of(const array::SafetensorsFile& file) {
  std::map<std::string, std::vector<float>> numbers;
  for (const auto& [name, tensor] : file.tensors()) {
    const auto* first = reinterpret_cast<const float*>(tensor.bytes.data());
    numbers[name] = {first, first + tensor.bytes.size() / sizeof(float)};
  }
  return numbers;
}

}  // namespace

PartitionInput planted_input(int num_parts) {
  EdgeList graph{.num_nodes = kPlantedNodes, .edges = {}};
  for (int64_t edge = 0; edge < kPlantedNodes * 5; ++edge) {
    const auto number = [&](uint32_t element, int64_t below) {
      return static_cast<int64_t>(uniform(edge, element) * static_cast<float>(below));
    };
    const int64_t a = 8 + number(0, kPlantedNodes - 8);
    int64_t b = 8 + number(1, kPlantedNodes - 8);
    if (number(2, 10) > 0) b = b / kCommunities * kCommunities + a % kCommunities;
    if (b < kPlantedNodes && b >= 8) graph.edges.emplace_back(a, b);
  }
  PartitionInput input = tiny_input(graph, num_parts, 3);
  input.feature_width = 6;
  input.features.clear();
  for (int64_t node = 0; node < kPlantedNodes; ++node) {
    for (uint32_t column = 0; column < 6; ++column) {
      const float mean = static_cast<int64_t>(column) == node % kCommunities ? 0.6F : 0;
      input.features.push_back(mean + uniform(kPlantedNodes * 10 + node, column) - 0.5F);
    }
  }
  input.encoded = Encoded::kYes;
  return input;
}

std::vector<int32_t> ranks_of_parts(int num_parts, int num_ranks) {
  std::vector<int32_t> ranks;
  for (int part = 0; part < num_parts; ++part) ranks.push_back(part % num_ranks);
  return ranks;
}

fs::path empty_folder(const comm::Communicator& world, const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("train_mpi_test_on_{}", world.size()) / name;
  if (world.rank() == 0) {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  comm::barrier(world);
  return folder;
}

void write_planted(const comm::Communicator& world, const fs::path& folder, int num_parts) {
  if (world.rank() == 0) write_partition_folder(folder, planted_input(num_parts));
  comm::barrier(world);
}

proto::Config planted_config() {
  proto::Config config;
  config.set_threads(1);
  config.mutable_sampler()->set_sample_size(8);
  proto::ModelConfig& model = *config.mutable_model();
  model.set_hidden_width(12);
  model.set_num_codewords(16);
  proto::TrainConfig& train = *config.mutable_train();
  train.set_epochs(2);
  train.set_batch_size(32);
  train.set_learning_rate(0.01);
  train.set_evaluation_batch_size(50);
  return config;
}

Trained train_planted(const comm::Communicator& comm, const proto::Config& config, const fs::path& partition,
                      const fs::path& run, train::TrainOptions options) {
  Trained trained;
  options.output = train::Output::kQuiet;
  options.on_step = [&](int64_t, double loss) { trained.losses.push_back(loss); };
  const int num_parts = graph::read_partition_manifest(partition).num_parts();
  trained.result = train::train(comm, config, partition, ranks_of_parts(num_parts, comm.size()), run, options);
  comm::barrier(comm);
  const std::optional<fs::path> newest = train::newest_checkpoint(comm, run);
  EXPECT_TRUE(newest.has_value());
  if (!newest.has_value()) return trained;
  const train::CheckpointReader reader(*newest);
  EXPECT_EQ(reader.manifest().step(), trained.result.step);
  trained.parameters = numbers_of(reader.model());
  trained.moments = numbers_of(reader.optimizer());
  for (int part = 0; part < num_parts && reader.manifest().arrays_size() > 2; ++part) {
    const array::NpyArray codes(*newest / fmt::format("assignments/part-{:04}.npy", part));
    const std::span<const uint16_t> values = codes.values<uint16_t>();
    trained.codes.insert(trained.codes.end(), values.begin(), values.end());
  }
  return trained;
}

}  // namespace gigahop::tests
