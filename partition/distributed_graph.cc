#include "partition/distributed_graph.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/agree.h"
#include "partition/place_finder.h"

namespace gigahop::partition {
namespace {

/// Node ids outside [first, last), ascending, each once.
std::vector<int64_t> remote_ids(std::span<const int64_t> columns, int64_t first, int64_t last) {
  std::vector<int64_t> ids;
  for (const int64_t id : columns) {
    if (id >= first && id < last) continue;
    ids.push_back(id);
    // Compacting now and then keeps the list near the size of the halo instead of the number of entries.
    if (ids.size() < ids.capacity() || ids.size() < 1024) continue;
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    ids.reserve(2 * ids.size());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  ids.shrink_to_fit();
  return ids;
}

}  // namespace

DistributedGraph localise_columns(const comm::Communicator& comm, const NodeBlocks& blocks, graph::Csr<int64_t>&& rows,
                                  std::vector<int32_t>&& edge_weights) {
  DistributedGraph graph;
  graph.blocks = blocks;
  const int64_t first = blocks.first(comm.rank());
  const int64_t owned = blocks.size(comm.rank());
  comm::agree(comm, [&] {
    graph.halo_ids = remote_ids(rows.column_ids, first, first + owned);
    const int64_t num_local = owned + graph.num_halo();
    if (num_local > INT32_MAX) {
      throw data_error("partition", "at most 2^31-1 owned and halo nodes on a rank", std::to_string(num_local),
                       "use more ranks");
    }
    const PlaceFinder place_of(graph.halo_ids);
    graph.column_ids.reserve(rows.column_ids.size());
    for (const int64_t id : rows.column_ids) {
      const int64_t local = id >= first && id < first + owned ? id - first : owned + place_of(id);
      graph.column_ids.push_back(static_cast<int32_t>(local));
    }
    graph.row_offsets = std::move(rows.row_offsets);
    graph.edge_weights = std::move(edge_weights);
    rows = {};
  });
  connect_halo(comm, graph);
  return graph;
}

void connect_halo(const comm::Communicator& comm, DistributedGraph& graph) {
  std::vector<std::vector<int64_t>> wanted(static_cast<size_t>(comm.size()));
  graph.halo_offsets.assign(1, 0);
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto begin = graph.halo_ids.begin() + graph.halo_offsets.back();
    const auto end = std::lower_bound(begin, graph.halo_ids.end(), graph.blocks.first(rank + 1));
    wanted[rank].assign(begin, end);
    graph.halo_offsets.push_back(end - graph.halo_ids.begin());
  }
  const comm::ReceivedValues<int64_t> asked = comm::all_to_all(comm, wanted);
  wanted = {};
  const int64_t first = graph.blocks.first(comm.rank());
  graph.copy_offsets.assign(static_cast<size_t>(graph.num_owned()) + 1, 0);
  for (const int64_t id : asked.values) ++graph.copy_offsets[id - first + 1];
  std::partial_sum(graph.copy_offsets.begin(), graph.copy_offsets.end(), graph.copy_offsets.begin());
  graph.copy_ranks.resize(asked.values.size());
  graph.copy_places.resize(asked.values.size());
  std::vector<int64_t> next(graph.copy_offsets.begin(), graph.copy_offsets.end() - 1);
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto ids = asked.from(rank);
    for (size_t i = 0; i < ids.size(); ++i) {
      const int64_t entry = next[ids[i] - first]++;
      graph.copy_ranks[entry] = rank;
      graph.copy_places[entry] = static_cast<int32_t>(i);
    }
  }
}

}  // namespace gigahop::partition
