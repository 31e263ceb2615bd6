/// What a run folder and its partition folder hold, read into plain structs: what a report is made of.
///
/// A run may be half-written, or of an earlier program: whatever is not there is left empty, and what cannot be read is
/// named in `troubles`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proto/config.pb.h"
#include "proto/metrics.pb.h"
#include "proto/partition.pb.h"
#include "train/confusion.h"

namespace gigahop::report {

struct PartitionData {
  std::filesystem::path folder;
  proto::Partition manifest;
  /// Nodes of degree 0, 1, 2 to 3, 4 to 7, and so on; empty where a shard cannot be read.
  std::vector<int64_t> nodes_by_degree;
};

struct RunData {
  std::string name;
  std::filesystem::path folder;
  std::vector<proto::Metrics> lines = {};  // of epochs and evaluations, in the order of the file
  std::optional<proto::Metrics> summary = {};
  std::optional<proto::Config> config = {};
  std::optional<proto::Launch> launch = {};
  std::optional<proto::RunProgress> progress = {};  // within an epoch, of a run that is under way or was killed
  std::optional<train::Confusion> confusion = {};
  std::optional<PartitionData> partition = {};
  std::vector<std::string> troubles = {};

  /// Empty without a partition.
  std::string class_name(int64_t class_id) const;
};

/// partition_folder: empty for the one that the run was trained on. Error{kData} for a folder that is no run's.
/// Cost: reads the row offsets of all shards, 8 bytes a node.
RunData read_run(const std::filesystem::path& folder, const std::filesystem::path& partition_folder);

/// The place of a degree in nodes_by_degree, and what the place is called: "0", "1", "2-3". Pure.
size_t degree_place(int64_t degree);
std::string degree_name(size_t place);

}  // namespace gigahop::report
