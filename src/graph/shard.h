/// One part on disk, opened: every array mapped, every extent checked against the manifest.
///
/// Opening reads no array; check_structure() reads those of the structure once and holds them to what all code behind
/// it relies on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "array/manifest.h"
#include "base/ids.h"
#include "graph/csr.h"
#include "graph/partition_folder.h"
#include "proto/partition.pb.h"

namespace gigahop::graph {

class Shard {
 public:
  Shard(const std::filesystem::path& partition_folder, const proto::Partition& partition, int part,
        array::Verify verify = array::Verify::kSize);

  int part() const { return manifest_.part(); }
  int64_t num_owned() const { return manifest_.num_owned(); }
  int64_t num_halo() const { return manifest_.num_halo(); }
  int64_t num_edges() const { return manifest_.num_edges(); }
  const proto::Shard& manifest() const { return manifest_; }
  const std::filesystem::path& folder() const { return folder_; }

  std::span<const OriginalId> original_ids() const { return original_ids_.values<OriginalId>(); }  // [owned], ascending
  std::span<const GlobalId> halo_ids() const { return halo_ids_.values<GlobalId>(); }              // [halo], ascending
  /// Columns < num_owned() are owned rows, others halo places + num_owned().
  CsrView<LocalId> edges() const { return {row_offsets_.values<int64_t>(), column_ids_.values<LocalId>()}; }
  std::span<const int32_t> halo_degrees() const { return halo_degrees_.values<int32_t>(); }

  std::span<const int64_t> labels() const;  // [owned], -1 = unlabelled; empty without labels
  /// Owned rows, ascending, as local ids.
  std::span<const LocalId> train() const { return train_.values<LocalId>(); }
  std::span<const LocalId> valid() const { return valid_.values<LocalId>(); }
  std::span<const LocalId> test() const { return test_.values<LocalId>(); }

  /// [owned, F]; Error{kData} if encode removed it or the dataset has none.
  const array::NpyArray& features() const;
  /// [owned, 3, F]; Error{kData} "run gigahop encode" before that.
  const array::NpyArray& tokens() const;
  /// [owned, G] float32, after encode.
  const array::NpyArray& positional() const;
  /// [owned, G] float32, carried over from the dataset for FILE encodings.
  const array::NpyArray& positional_input() const;

 private:
  std::filesystem::path folder_;
  proto::Shard manifest_;
  array::NpyArray original_ids_, halo_ids_, row_offsets_, column_ids_, halo_degrees_, train_, valid_, test_;
  array::NpyArray labels_, features_, tokens_, positional_, positional_input_;  // empty where the manifest lists none
};

/// Error{kData} naming file and place unless all of this holds:
///   original_ids  ascending, in [0, N)
///   halo_ids      ascending, in [0, N), of other parts, each the neighbour of an owned node
///   row_offsets   ascending from 0 to the number of edges
///   column_ids    in [0, owned + halo), ascending within a row, never the row itself
///   degrees_halo  >= 0
///   labels        in [-1, C)
///   splits        ascending, in [0, owned), labelled where the shard has labels
/// Cost: one sequential pass over owned + halo + edges integers.
void check_structure(const Shard& shard, const proto::Partition& partition);

}  // namespace gigahop::graph
