/// What a training begins from: given weights, a checkpoint; and what it refuses to go on with.
#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "array/manifest.h"
#include "array/safetensors.h"
#include "base/error.h"
#include "comm/collectives.h"
#include "graph/partition_folder.h"
#include "planted.h"
#include "train/checkpoint_folder.h"
#include "train/model_state.h"
#include "train/predictor.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using train::Start;

std::string complaint(const std::function<void()>& call, ErrorKind kind) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, kind) << error.what();
    return error.what();
  }
  return "";
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
  // Codes at a place that is no multiple of their size, as in files of writers that do not align.
  if (world.rank() == 0) {
    const std::vector<int64_t> codes(kPlantedNodes, 11);
    std::vector<array::TensorToWrite> tensors = {
        {train::kAssignmentsTensor, array::DType::kInt64, {kPlantedNodes}, std::as_bytes(std::span(codes))}};
    for (const auto& [name, tensor] : file.tensors()) {
      const bool shifts_codes = tensors.front().name == train::kAssignmentsTensor && tensor.bytes.size() % 8 != 0;
      tensors.insert(shifts_codes ? tensors.begin() : tensors.end(), {name, tensor.dtype, tensor.shape, tensor.bytes});
    }
    EXPECT_NE(tensors.front().name, train::kAssignmentsTensor);
    array::write_safetensors(folder / "assigned.safetensors", tensors, {});
  }
  comm::barrier(world);
  const Trained assigned = train_planted(world, config, folder / "partition", folder / "assigned",
                                         {.init_from = folder / "assigned.safetensors"});
  EXPECT_EQ(assigned.codes, std::vector<uint16_t>(kPlantedNodes, 11));

  config.mutable_model()->set_hidden_width(16);
  const std::string refused =
      complaint([&] { train_planted(world, config, folder / "partition", folder / "third", {.init_from = weights}); },
                ErrorKind::kData);
  EXPECT_NE(refused.find("float32 ["), std::string::npos) << refused;
  EXPECT_FALSE(fs::exists(folder / "third" / "checkpoints"));
}

/// Rewrites how a part says it was encoded, on rank 0.
void encode_anew(const comm::Communicator& world, const fs::path& partition, int first_part) {
  comm::barrier(world);
  for (int part = first_part; part < kPlantedParts && world.rank() == 0; ++part) {
    const fs::path file = graph::part_folder(partition, part) / graph::kShardManifest;
    proto::Shard shard;
    array::read_text_proto(file, shard);
    shard.mutable_encoding()->set_seed(99);
    array::write_text_proto(file, shard);
  }
  comm::barrier(world);
}

TEST(Training, refuses_shards_encoded_apart_and_in_another_way_than_the_checkpoint) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "encodings");
  const fs::path partition = folder / "partition";
  write_planted(world, partition, kPlantedParts);
  proto::Config config = planted_config();
  config.mutable_train()->set_max_steps(1);
  train_planted(world, config, partition, folder / "run");
  config.mutable_train()->set_max_steps(0);
  const std::vector<int32_t> ranks = ranks_of_parts(kPlantedParts, world.size());

  encode_anew(world, partition, kPlantedParts - 1);
  const std::string mixed =
      complaint([&] { train_planted(world, config, partition, folder / "new"); }, ErrorKind::kData);
  EXPECT_NE(mixed.find("part-0007: expected encoding"), std::string::npos) << mixed;
  EXPECT_NE(mixed.find("seed 99"), std::string::npos) << mixed;

  encode_anew(world, partition, 0);
  const std::string resumed = complaint(
      [&] { train_planted(world, config, partition, folder / "run", {.start = Start::kResume}); }, ErrorKind::kData);
  EXPECT_NE(resumed.find("expected encoding"), std::string::npos) << resumed;
  EXPECT_NE(resumed.find("run gigahop encode with the settings of the checkpoint"), std::string::npos) << resumed;
  const std::string predicted = complaint(
      [&] {
        train::predict(world, config, partition, ranks, folder / "run", folder / "predicted",
                       {.output = train::Output::kQuiet});
      },
      ErrorKind::kData);
  EXPECT_NE(predicted.find("expected encoding"), std::string::npos) << predicted;
  train_planted(world, config, partition, folder / "new");
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
    PartitionInput directed = planted_input(kPlantedParts);
    directed.direction = Direction::kDirected;
    write_partition_folder(folder / "directed", directed);
  }
  comm::barrier(world);
  EXPECT_NE(resume(config, folder / "other_graph", ErrorKind::kData).find("another graph"), std::string::npos);
  EXPECT_NE(resume(config, folder / "other_parts", ErrorKind::kData).find("parts 8, partition"), std::string::npos);
  EXPECT_NE(resume(config, folder / "directed", ErrorKind::kData).find("directed false, adjacency entries"),
            std::string::npos);
  EXPECT_EQ(resume(config, folder / "partition", ErrorKind::kData), "");
}

}  // namespace
}  // namespace gigahop::tests
