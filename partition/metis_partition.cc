#include "partition/metis_partition.h"

#include <algorithm>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "partition/chunks.h"
#include "partition/forecast.h"
#include "partition/serial_partition.h"

namespace gigahop::partition {
namespace {

void check_limit(const char* what, int64_t count, const MetisOptions& options) {
  if (count <= options.index_limit) return;
  throw data_error("partition",
                   fmt::format("at most {} {}, the limit of METIS with 32-bit indices (2^31-1)",
                               with_commas(options.index_limit), what),
                   with_commas(count), "use partition.method=MULTILEVEL");
}

/// Sends this rank's values to rank 0, which gets those of all ranks in rank order, in rounds of chunk_bytes.
/// value(i) gives the i-th value of this rank's `count`.
template <class T, class Value>
std::vector<T> gather_on_root(const comm::Communicator& comm, int64_t count, int64_t chunk_bytes, const Value& value) {
  const std::vector<int64_t> counts = comm::all_gather_varied(comm, std::span<const int64_t>(&count, 1));
  const int64_t most = *std::max_element(counts.begin(), counts.end());
  constexpr auto kBytes = static_cast<int64_t>(sizeof(T));
  const int64_t chunk = std::max<int64_t>(1, bounded_chunk(chunk_bytes, kBytes * most) / kBytes);
  const int64_t rounds = (most + chunk - 1) / chunk;
  std::vector<int64_t> places(counts.size());
  std::exclusive_scan(counts.begin(), counts.end(), places.begin(), int64_t{0});
  std::vector<T> gathered;
  comm::agree(comm, [&] {
    if (comm.rank() == 0) gathered.resize(static_cast<size_t>(places.back() + counts.back()));
  });
  std::vector<std::vector<T>> messages(counts.size());
  for (int64_t round = 0; round < rounds; ++round) {
    messages[0].clear();
    for (int64_t i = round * chunk; i < std::min(count, (round + 1) * chunk); ++i) messages[0].push_back(value(i));
    const comm::ReceivedValues<T> received = comm::all_to_all(comm, messages);
    for (int rank = 0; comm.rank() == 0 && rank < comm.size(); ++rank) {
      const auto theirs = received.from(rank);
      std::copy(theirs.begin(), theirs.end(), gathered.begin() + places[rank]);
      places[rank] += static_cast<int64_t>(theirs.size());
    }
  }
  return gathered;
}

/// Local ids put a block's own nodes first; METIS sees the same graph from any number of ranks.
void sort_rows(SerialGraph& graph) {
  for (int64_t row = 0; row < graph.num_nodes(); ++row) {
    std::sort(graph.column_ids.begin() + graph.row_offsets[static_cast<size_t>(row)],
              graph.column_ids.begin() + graph.row_offsets[static_cast<size_t>(row) + 1]);
  }
}

SerialGraph gather_graph(const comm::Communicator& comm, const DistributedGraph& graph,
                         const ConstraintWeights& constraints, const MetisOptions& options) {
  SerialGraph whole;
  const auto degrees = gather_on_root<int32_t>(comm, graph.num_owned(), options.chunk_bytes,
                                               [&](int64_t row) { return static_cast<int32_t>(graph.degree(row)); });
  whole.column_ids = gather_on_root<int32_t>(comm, graph.row_offsets.back(), options.chunk_bytes, [&](int64_t entry) {
    return static_cast<int32_t>(graph.node(comm.rank(), graph.column_ids[static_cast<size_t>(entry)]));
  });
  whole.node_weights =
      gather_on_root<int64_t>(comm, static_cast<int64_t>(constraints.weights.size()), options.chunk_bytes,
                              [&](int64_t i) { return constraints.weights[static_cast<size_t>(i)]; });
  whole.num_constraints = constraints.num_constraints;
  for (const int32_t degree : degrees) whole.row_offsets.push_back(whole.row_offsets.back() + degree);
  sort_rows(whole);
  return whole;
}

}  // namespace

std::vector<int32_t> metis_partition(const comm::Communicator& comm, const DistributedGraph& graph,
                                     const ConstraintWeights& constraints, const MetisOptions& options) {
  const NodeBlocks& blocks = graph.blocks;
  const int64_t num_entries = comm::sum_over_ranks(comm, graph.row_offsets.back());
  comm::agree(comm, [&] {
    check_limit("nodes", blocks.num_nodes(), options);
    check_limit("adjacency entries", num_entries, options);
    if (comm.rank() == 0) check_memory_for_metis(blocks.num_nodes(), num_entries);
  });
  const SerialGraph whole = gather_graph(comm, graph, constraints, options);
  std::vector<int32_t> all_parts;
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    log_info("METIS: {} nodes, {} entries into {} parts under {} constraints", with_commas(blocks.num_nodes()),
             with_commas(num_entries), options.num_parts, whole.num_constraints);
    all_parts = partition_serially(whole, whole.limits(options.num_parts, options.imbalance), options.seed);
  });
  std::vector<std::span<const int32_t>> messages(static_cast<size_t>(comm.size()));
  for (int rank = 0; comm.rank() == 0 && rank < comm.size(); ++rank) {
    messages[rank] =
        std::span(all_parts).subspan(static_cast<size_t>(blocks.first(rank)), static_cast<size_t>(blocks.size(rank)));
  }
  comm::ReceivedValues<int32_t> mine;
  comm::all_to_all_into<int32_t>(comm, messages, mine);
  return std::move(mine.values);
}

}  // namespace gigahop::partition
