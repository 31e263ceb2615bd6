/// What `gigahop partition` is asked to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/files.h"
#include "partition/constraints.h"
#include "partition/edge_blocks.h"
#include "partition/metis_partition.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

/// kAuto: see resolve_method in partition/choose_parts.h.
enum class Method { kAuto, kMultilevel, kMetis, kHash, kGiven };

struct PartitionOptions {
  std::filesystem::path dataset_folder = {};
  std::filesystem::path output_folder = {};
  PendingFolder::Existing existing = PendingFolder::Existing::kRefuse;
  int num_parts = 8;
  Method method = Method::kAuto;
  std::filesystem::path part_of_node = {};  // kGiven: [N] int32 or int64 .npy, in original order
  /// A partition folder of these nodes or of the first of them, whose parts are improved.
  std::optional<std::filesystem::path> refine_from = {};
  Direction direction = Direction::kSymmetrised;
  double imbalance = 0.03;  // allowed excess of the heaviest part in each constraint
  Balance balance = Balance::kTraining;
  uint64_t seed = 1;
  int64_t chunk_bytes = 64 << 20;  // what a rank reads and sends at a time
  int64_t entries_of_rank = kEntriesOfRank;
  int64_t metis_limit = kMetisLimit;
};

}  // namespace gigahop::partition
