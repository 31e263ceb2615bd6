/// What `gigahop partition` is asked to do.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/files.h"
#include "partition/edge_blocks.h"
#include "partition/metis_partition.h"

namespace gigahop::partition {

enum class Method { kMetis, kHash };

struct PartitionOptions {
  std::filesystem::path dataset_folder;
  std::filesystem::path output_folder;
  PendingFolder::Existing existing = PendingFolder::Existing::kRefuse;
  int num_parts = 8;
  Method method = Method::kMetis;
  Direction direction = Direction::kSymmetrised;
  double imbalance = 0.03;  // allowed excess of the heaviest part in each constraint
  uint64_t seed = 1;
  int64_t chunk_bytes = 64 << 20;   // what a rank reads and sends at a time
  uint64_t config_fingerprint = 0;  // recorded in partition.textproto
  int64_t metis_limit = kMetisLimit;
};

}  // namespace gigahop::partition
