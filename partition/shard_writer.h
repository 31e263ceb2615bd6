/// Files of one part: its structure, labels and splits; features follow by partition/node_rows.h, the manifest last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "array/manifest.h"
#include "partition/halo.h"
#include "partition/part_rows.h"
#include "partition/quality.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

enum class Labels { kNone, kStored };

/// One part being written: opened with its nodes and halo, filled with columns in any order, then finished.
class ShardWriter {
 public:
  /// Takes the records and the halo; creates column_ids.npy at its full size.
  /// Errors  Error{kData} if the part has more than 2^31-1 nodes and halo nodes
  ShardWriter(const std::filesystem::path& partition_folder, const graph::PartitionMap& map, int part,
              comm::ReceivedValues<RowRecord>&& records, std::vector<HaloNode>&& halo);

  /// Columns of the rows that one rank sent, as keys, from where its last call ended.
  void write_columns(int sender, std::span<const int64_t> keys);

  /// Writes original_ids, halo_ids, row_offsets, degrees_halo, train, valid, test and, if there are any, labels;
  /// returns the manifest so far, not yet written.
  proto::Shard finish(Labels labels, uint64_t graph_fingerprint);

  /// After the last columns.
  PartFigures figures() const;
  std::span<const int64_t> halo_ids() const { return halo_ids_; }

 private:
  std::filesystem::path folder_;
  int part_;
  std::vector<RowRecord> records_;
  std::vector<int64_t> halo_ids_;
  std::vector<int32_t> halo_degrees_;
  std::unique_ptr<LocalColumns> local_columns_;
  std::vector<int64_t> next_entry_;  // [R] where the next columns of each sender go
  array::NpySliceWriter columns_;
  std::vector<LocalId> piece_;
  int64_t num_edges_ = 0;
  int64_t num_cut_edges_ = 0;
};

void write_shard_manifest(const std::filesystem::path& partition_folder, const proto::Shard& shard);

}  // namespace gigahop::partition
