/// The shards of one rank as one graph.
///
/// Rows: the owned nodes of the rank's parts, part after part in ascending part number, then the halo: nodes owned by
/// other ranks, ascending by global id. With one rank there is no halo. Structure is copied into memory (it is small
/// beside features); features, tokens and encodings stay mapped in the shards.
/// The neighbours of a row stand in the order of its shard, so a sum over them does not depend on the number of ranks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "graph/shard.h"

namespace gigahop::graph {

class LocalGraph {
 public:
  /// rank_of_part [P]: the same on all ranks. Checks the structure of its shards; Error{kData} where one is wrong.
  LocalGraph(const std::filesystem::path& partition_folder, std::vector<int32_t> rank_of_part, int rank);

  const proto::Partition& partition() const { return partition_; }
  const PartitionMap& map() const { return map_; }
  const std::vector<int32_t>& rank_of_part() const { return rank_of_part_; }
  int rank_of(GlobalId id) const { return rank_of_part_[map_.owner(id)]; }
  int rank() const { return rank_; }

  int64_t num_owned() const { return num_owned_; }
  int64_t num_halo() const { return static_cast<int64_t>(halo_ids_.size()); }
  /// Owned rows only; columns are rows of this graph, halo included, in the order of the shard (not ascending).
  CsrView<LocalId> edges() const { return edges_.view(); }
  std::span<const int32_t> halo_degrees() const { return halo_degrees_; }
  std::span<const GlobalId> halo_ids() const { return halo_ids_; }
  std::span<const OriginalId> original_ids() const { return original_ids_; }  // [owned]

  GlobalId global_id(LocalId row) const;
  /// Row of a node owned by this rank; Error{kInternal} otherwise.
  LocalId owned_row(GlobalId id) const;
  /// The same number on the owner's side, for any node: place among the owned rows of its rank. Pure.
  int64_t row_on_owner(GlobalId id) const;

  const std::vector<Shard>& shards() const { return shards_; }
  /// First row of shards()[s]; [shards + 1].
  std::span<const int64_t> shard_offsets() const { return shard_offsets_; }
  /// Index into shards() of an owned row.
  int shard_of(LocalId row) const;

  /// [owned]; -1 = unlabelled.
  std::span<const int64_t> labels() const { return labels_; }

 private:
  void place_parts();
  void open_shards(const std::filesystem::path& partition_folder);
  void merge_halo();
  void merge_edges();
  void check_halo_degrees() const;
  int64_t row_of(GlobalId id) const;

  proto::Partition partition_;
  PartitionMap map_;
  std::vector<int32_t> rank_of_part_;
  int rank_ = 0;
  std::vector<Shard> shards_;
  std::vector<int64_t> shard_offsets_;
  std::vector<int64_t> part_row_;  // [P] first row of the part on its rank
  int64_t num_owned_ = 0;
  Csr<LocalId> edges_;
  std::vector<int32_t> halo_degrees_;
  std::vector<GlobalId> halo_ids_;
  std::vector<OriginalId> original_ids_;
  std::vector<int64_t> labels_;
};

}  // namespace gigahop::graph
