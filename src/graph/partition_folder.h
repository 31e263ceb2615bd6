/// A partition folder opened: its manifest, and who owns which node.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "array/manifest.h"
#include "base/ids.h"
#include "proto/partition.pb.h"

namespace gigahop::graph {

inline constexpr int kPartitionFormatVersion = 1;
inline constexpr char kPartitionManifest[] = "partition.textproto";
inline constexpr char kShardManifest[] = "shard.textproto";

/// part-0007
std::filesystem::path part_folder(const std::filesystem::path& partition_folder, int part);

/// Owner of an id by binary search in P + 1 numbers.
class PartitionMap {
 public:
  PartitionMap() = default;
  /// offsets [P + 1], ascending from 0.
  explicit PartitionMap(std::vector<int64_t> offsets) : offsets_(std::move(offsets)) {}

  int num_parts() const { return static_cast<int>(offsets_.size()) - 1; }
  int64_t num_nodes() const { return offsets_.back(); }
  int64_t num_owned(int part) const { return offsets_[part + 1] - offsets_[part]; }
  GlobalId first_node(int part) const { return GlobalId(offsets_[part]); }
  int owner(GlobalId id) const;

 private:
  std::vector<int64_t> offsets_;
};

/// Reads and checks partition.textproto (version, offsets, sums). Error{kData} otherwise.
proto::Partition read_partition_manifest(const std::filesystem::path& partition_folder);
PartitionMap partition_map(const proto::Partition& manifest);

}  // namespace gigahop::graph
