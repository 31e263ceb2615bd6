#include "train/node_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "array/manifest.h"
#include "base/error.h"
#include "comm/collectives.h"
#include "comm/exchange.h"

namespace gigahop::train {
namespace {

/// First of `num` things that block `block` of `num_blocks` holds.
int64_t block_begin(int64_t num, int64_t block, int64_t num_blocks) {
  return num / num_blocks * block + std::min(block, num % num_blocks);
}

int block_of(int64_t i, int64_t num, int num_blocks) {
  int block = static_cast<int>(std::min<int64_t>(i / (num / num_blocks + 1), num_blocks - 1));
  while (block + 1 < num_blocks && i >= block_begin(num, block + 1, num_blocks)) ++block;
  return block;
}

std::span<const LocalId> rows_of(const graph::Shard& shard, proto::PredictConfig::Nodes split) {
  switch (split) {
    case proto::PredictConfig::TRAIN:
      return shard.train();
    case proto::PredictConfig::VALID:
      return shard.valid();
    default:
      return shard.test();
  }
}

/// Row of an original id in the shard of `part`, which this rank owns.
LocalId row_in_part(const graph::LocalGraph& graph, int part, OriginalId id, const std::string& place) {
  for (size_t s = 0; s < graph.shards().size(); ++s) {
    if (graph.shards()[s].part() != part) continue;
    const std::span<const OriginalId> ids = graph.shards()[s].original_ids();
    const auto found = std::lower_bound(ids.begin(), ids.end(), id);
    if (found != ids.end() && *found == id) {
      return LocalId(static_cast<int32_t>(graph.shard_offsets()[s] + (found - ids.begin())));
    }
  }
  throw data_error(place, fmt::format("node {} in part {}", id.value, part), "a shard without it",
                   "the partition is damaged, make it again");
}

}  // namespace

std::vector<LocalId> NodeSet::distinct_rows() const {
  std::vector<LocalId> rows;
  for (const Place& place : places) {
    if (rows.empty() || rows.back() != place.row) rows.push_back(place.row);
  }
  return rows;
}

NodeSet all_nodes(const graph::LocalGraph& graph) {
  NodeSet set;
  set.num_places = graph.map().num_nodes();
  const std::span<const OriginalId> ids = graph.original_ids();
  for (size_t row = 0; row < ids.size(); ++row) {
    set.places.push_back({LocalId(static_cast<int32_t>(row)), ids[row].value});
  }
  return set;
}

NodeSet nodes_of_split(const comm::Communicator& comm, const graph::LocalGraph& graph,
                       proto::PredictConfig::Nodes split) {
  const int num_ranks = comm.size();
  std::vector<std::vector<int64_t>> ids_of_block(static_cast<size_t>(num_ranks));
  std::vector<std::vector<LocalId>> rows_of_block(static_cast<size_t>(num_ranks));
  for (size_t s = 0; s < graph.shards().size(); ++s) {
    for (const LocalId in_shard : rows_of(graph.shards()[s], split)) {
      const LocalId row(static_cast<int32_t>(graph.shard_offsets()[s]) + in_shard.value);
      const int64_t id = graph.original_ids()[static_cast<size_t>(row.value)].value;
      const auto block = static_cast<size_t>(block_of(id, graph.map().num_nodes(), num_ranks));
      ids_of_block[block].push_back(id);
      rows_of_block[block].push_back(row);
    }
  }
  const comm::ReceivedValues<int64_t> block = comm::all_to_all(comm, ids_of_block);

  std::vector<int64_t> sorted = block.values;
  std::sort(sorted.begin(), sorted.end());
  NodeSet set;
  set.first_id = comm::exclusive_sum(comm, static_cast<int64_t>(sorted.size()));
  set.num_places = comm::sum_over_ranks(comm, static_cast<int64_t>(sorted.size()));
  for (const int64_t id : sorted) set.ids.emplace_back(id);

  std::vector<std::vector<int64_t>> places_of_rank(static_cast<size_t>(num_ranks));
  for (int rank = 0; rank < num_ranks; ++rank) {
    for (const int64_t id : block.from(rank)) {
      const auto found = std::lower_bound(sorted.begin(), sorted.end(), id);
      places_of_rank[static_cast<size_t>(rank)].push_back(set.first_id + (found - sorted.begin()));
    }
  }
  const comm::ReceivedValues<int64_t> places = comm::all_to_all(comm, places_of_rank);
  for (int rank = 0; rank < num_ranks; ++rank) {
    const std::span<const int64_t> from = places.from(rank);
    const std::vector<LocalId>& rows = rows_of_block[static_cast<size_t>(rank)];
    for (size_t i = 0; i < rows.size(); ++i) set.places.push_back({rows[i], from[i]});
  }
  std::sort(set.places.begin(), set.places.end());
  return set;
}

NodeSet nodes_of_file(const graph::LocalGraph& graph, const std::filesystem::path& partition_folder,
                      const std::filesystem::path& file, int rank, int num_ranks) {
  const array::NpyArray listed(file);
  listed.expect_shape(std::vector<int64_t>{-1});
  const std::span<const OriginalId> ids = listed.values<OriginalId>();
  const array::NpyArray owners = array::open_array(partition_folder, graph.partition().arrays(), "part_of_node.npy");
  const std::span<const int32_t> part_of_node = owners.values<int32_t>();
  const auto num_parts = static_cast<int64_t>(graph.rank_of_part().size());

  NodeSet set;
  set.num_places = listed.num_rows();
  for (int64_t i = 0; i < set.num_places; ++i) {
    const OriginalId id = ids[static_cast<size_t>(i)];
    const std::string place = fmt::format("{}[{}]", file.string(), i);
    if (id.value < 0 || id.value >= static_cast<int64_t>(part_of_node.size())) {
      throw data_error(place, fmt::format("a node in [0, {})", part_of_node.size()), fmt::format("{}", id.value));
    }
    const int32_t part = part_of_node[static_cast<size_t>(id.value)];
    if (part < 0 || part >= num_parts) {
      throw data_error(owners.path().string(), fmt::format("parts in [0, {})", num_parts), fmt::format("{}", part));
    }
    if (graph.rank_of_part()[static_cast<size_t>(part)] != rank) continue;
    set.places.push_back({row_in_part(graph, part, id, place), i});
  }
  std::sort(set.places.begin(), set.places.end());
  set.first_id = block_begin(set.num_places, rank, num_ranks);
  const int64_t end = block_begin(set.num_places, rank + 1, num_ranks);
  set.ids.assign(ids.begin() + set.first_id, ids.begin() + end);
  return set;
}

}  // namespace gigahop::train
