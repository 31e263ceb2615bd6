/// A small planted graph for training tests, and settings that train on it in moments.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "proto/config.pb.h"
#include "support/tiny_graphs.h"
#include "train/trainer.h"

namespace gigahop::tests {

inline constexpr int kPlantedParts = 8;
inline constexpr int64_t kPlantedNodes = 240;

/// Three communities of 80 nodes, 9 in 10 edges within, a weak signal in the features, nodes 0..7 isolated. Parts by
/// hash.
PartitionInput planted_input(int num_parts);

/// Part p on rank p mod R.
std::vector<int32_t> ranks_of_parts(int num_parts, int num_ranks);

/// The folder NAME of this test and number of ranks, empty, the same on all ranks of the world.
std::filesystem::path empty_folder(const comm::Communicator& world, const std::string& name);

/// Writes the partition folder on rank 0 of the world.
void write_planted(const comm::Communicator& world, const std::filesystem::path& folder, int num_parts);

/// FULL attention, dropout on, 4 steps an epoch, 2 epochs.
proto::Config planted_config();

/// What a training did: the loss of each step, and everything its last checkpoint holds.
struct Trained {
  train::TrainResult result;
  std::vector<double> losses;
  std::map<std::string, std::vector<float>> parameters;  // state arrays too
  std::map<std::string, std::vector<float>> moments;
  std::vector<uint16_t> codes;  // by part
};

/// Trains quietly and reads the last checkpoint back; on every rank of `comm`.
Trained train_planted(const comm::Communicator& comm, const proto::Config& config,
                      const std::filesystem::path& partition, const std::filesystem::path& run,
                      train::TrainOptions options = {});

}  // namespace gigahop::tests
