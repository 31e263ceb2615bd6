#include "graph/local_graph.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::graph {
namespace fs = std::filesystem;
namespace {

/// Most of a shard, and not read here.
bool is_of_rows(std::string_view file) {
  return file == "tokens.npy" || file == "features.npy" || file == "positional.npy";
}

/// What is wrong shows where files disagree; the one to name is that whose checksum is not what it was.
void blame_damaged_file(const std::vector<Shard>& shards) {
  for (const Shard& shard : shards) {
    array::ArrayRecords structure;
    for (const proto::ArrayRecord& record : shard.manifest().arrays()) {
      if (!is_of_rows(record.file())) *structure.Add() = record;
    }
    array::verify_records(shard.folder(), structure, array::Verify::kChecksum);
  }
}

}  // namespace

LocalGraph::LocalGraph(const fs::path& partition_folder, std::vector<int32_t> rank_of_part, int rank)
    : partition_(read_partition_manifest(partition_folder)),
      map_(partition_map(partition_)),
      rank_of_part_(std::move(rank_of_part)),
      rank_(rank) {
  require(static_cast<int>(rank_of_part_.size()) == map_.num_parts(), "every part has a rank");
  place_parts();
  try {
    open_shards(partition_folder);
    merge_halo();
    merge_edges();
    check_halo_degrees();
  } catch (const Error& error) {
    if (error.kind == ErrorKind::kData) blame_damaged_file(shards_);
    throw;
  }
}

void LocalGraph::place_parts() {
  require(std::all_of(rank_of_part_.begin(), rank_of_part_.end(), [](int32_t r) { return r >= 0; }), "ranks are >= 0");
  const int32_t highest = *std::max_element(rank_of_part_.begin(), rank_of_part_.end());
  std::vector<int64_t> next_row(static_cast<size_t>(highest) + 1, 0);
  for (int part = 0; part < map_.num_parts(); ++part) {
    int64_t& next = next_row[static_cast<size_t>(rank_of_part_[part])];
    part_row_.push_back(next);
    next += map_.num_owned(part);
  }
}

void LocalGraph::open_shards(const fs::path& partition_folder) {
  shard_offsets_.push_back(0);
  for (int part = 0; part < map_.num_parts(); ++part) {
    if (rank_of_part_[part] != rank_) continue;
    const Shard& shard = shards_.emplace_back(partition_folder, partition_, part);
    check_structure(shard, partition_);
    num_owned_ += shard.num_owned();
    shard_offsets_.push_back(num_owned_);
    original_ids_.insert(original_ids_.end(), shard.original_ids().begin(), shard.original_ids().end());
    labels_.insert(labels_.end(), shard.labels().begin(), shard.labels().end());
  }
  labels_.resize(static_cast<size_t>(num_owned_), -1);
}

void LocalGraph::merge_halo() {
  for (const Shard& shard : shards_) {
    std::copy_if(shard.halo_ids().begin(), shard.halo_ids().end(), std::back_inserter(halo_ids_),
                 [&](GlobalId id) { return rank_of(id) != rank_; });
  }
  std::sort(halo_ids_.begin(), halo_ids_.end());
  halo_ids_.erase(std::unique(halo_ids_.begin(), halo_ids_.end()), halo_ids_.end());
  halo_ids_.shrink_to_fit();
  constexpr int64_t kMaxRows = std::numeric_limits<int32_t>::max();
  if (num_owned_ + num_halo() > kMaxRows) {
    throw data_error(fmt::format("the parts of rank {}", rank_),
                     fmt::format("at most {} nodes, halo included", kMaxRows), std::to_string(num_owned_ + num_halo()),
                     "use more ranks");
  }
}

void LocalGraph::merge_edges() {
  edges_.row_offsets.assign(1, 0);
  edges_.row_offsets.reserve(static_cast<size_t>(num_owned_) + 1);
  int64_t num_edges = 0;
  for (const Shard& shard : shards_) num_edges += shard.num_edges();
  edges_.column_ids.reserve(static_cast<size_t>(num_edges));
  halo_degrees_.assign(halo_ids_.size(), -1);
  std::vector<LocalId> halo_rows;
  for (size_t s = 0; s < shards_.size(); ++s) {
    const Shard& shard = shards_[s];
    halo_rows.clear();
    for (const GlobalId id : shard.halo_ids()) halo_rows.emplace_back(static_cast<int32_t>(row_of(id)));
    const int64_t edges_before = edges_.row_offsets.back();
    const CsrView<LocalId> edges = shard.edges();
    for (int64_t row = 0; row < shard.num_owned(); ++row) {
      edges_.row_offsets.push_back(edges_before + edges.row_offsets[row + 1]);
    }
    const auto first_row = static_cast<int32_t>(shard_offsets_[s]);
    for (const LocalId column : edges.column_ids) {
      edges_.column_ids.push_back(column.value < shard.num_owned()
                                      ? LocalId(first_row + column.value)
                                      : halo_rows[static_cast<size_t>(column.value - shard.num_owned())]);
    }
    for (size_t place = 0; place < halo_rows.size(); ++place) {
      const int64_t halo_place = halo_rows[place].value - num_owned_;
      if (halo_place >= 0) halo_degrees_[static_cast<size_t>(halo_place)] = shard.halo_degrees()[place];
    }
  }
}

/// Each shard's word on the degree of a halo node is what its owner, or another shard of this rank, says.
void LocalGraph::check_halo_degrees() const {
  for (const Shard& shard : shards_) {
    for (size_t place = 0; place < shard.halo_ids().size(); ++place) {
      const int64_t row = row_of(shard.halo_ids()[place]);
      const int64_t degree =
          row < num_owned_ ? edges().degree(row) : halo_degrees_[static_cast<size_t>(row - num_owned_)];
      if (degree == shard.halo_degrees()[place]) continue;
      throw data_error(fmt::format("{}: entry {}", (shard.folder() / "degrees_halo.npy").string(), place),
                       fmt::format("degree {}", degree), std::to_string(shard.halo_degrees()[place]),
                       "make the folder again with gigahop partition");
    }
  }
}

int64_t LocalGraph::row_of(GlobalId id) const {
  if (rank_of(id) == rank_) return row_on_owner(id);
  return num_owned_ + (std::lower_bound(halo_ids_.begin(), halo_ids_.end(), id) - halo_ids_.begin());
}

GlobalId LocalGraph::global_id(LocalId row) const {
  require(row.value >= 0 && row.value < num_owned_ + num_halo(), "a local id is a row of the graph");
  if (row.value >= num_owned_) return halo_ids_[static_cast<size_t>(row.value - num_owned_)];
  const int shard = shard_of(row);
  return GlobalId(map_.first_node(shards_[shard].part()).value + row.value - shard_offsets_[shard]);
}

LocalId LocalGraph::owned_row(GlobalId id) const {
  require(rank_of(id) == rank_, "the node is owned by this rank");
  return LocalId(static_cast<int32_t>(row_on_owner(id)));
}

int64_t LocalGraph::row_on_owner(GlobalId id) const {
  const int part = map_.owner(id);
  return part_row_[part] + id.value - map_.first_node(part).value;
}

int LocalGraph::shard_of(LocalId row) const {
  require(row.value >= 0 && row.value < num_owned_, "the row is owned");
  return static_cast<int>(std::upper_bound(shard_offsets_.begin(), shard_offsets_.end(), row.value) -
                          shard_offsets_.begin()) -
         1;
}

}  // namespace gigahop::graph
