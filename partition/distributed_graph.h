/// A symmetric or directed graph spread over the ranks by blocks of nodes: each rank holds the rows of its block, with
/// columns as 32-bit local ids, and knows which remote nodes these name (its halo) and who has its own nodes as halo.
///
/// Everything that partitioning does after reading works on this: the levels of the multilevel partitioner, and the
/// finest of them turned into shards.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "comm/exchange.h"
#include "graph/csr.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

struct DistributedGraph {
  NodeBlocks blocks{0, 1};
  std::vector<int64_t> row_offsets = {0};  // [owned + 1]
  std::vector<int32_t> column_ids;         // < owned: node first + id; else halo place + owned
  std::vector<int32_t> edge_weights;       // like column_ids; empty: all 1
  std::vector<int64_t> halo_ids;           // [halo] node ids, ascending, so grouped by owner
  std::vector<int64_t> halo_offsets;       // [R + 1] places of halo_ids that rank r owns
  /// Copies of my nodes elsewhere: owned node u is at place copy_places[i] of what rank copy_ranks[i] has of me (its
  /// halo_offsets[my rank] + place), for i in [copy_offsets[u], copy_offsets[u + 1]); ranks ascend.
  std::vector<int64_t> copy_offsets;
  std::vector<int32_t> copy_ranks;
  std::vector<int32_t> copy_places;

  int64_t num_owned() const { return static_cast<int64_t>(row_offsets.size()) - 1; }
  int64_t num_halo() const { return static_cast<int64_t>(halo_ids.size()); }
  int64_t num_local() const { return num_owned() + num_halo(); }
  int64_t degree(int64_t row) const { return row_offsets[row + 1] - row_offsets[row]; }
  std::span<const int32_t> neighbours(int64_t row) const {
    return std::span(column_ids).subspan(static_cast<size_t>(row_offsets[row]), static_cast<size_t>(degree(row)));
  }
  int64_t edge_weight(int64_t entry) const { return edge_weights.empty() ? 1 : edge_weights[entry]; }
  /// Node id of a local id.
  int64_t node(int rank, int64_t local) const {
    return local < num_owned() ? blocks.first(rank) + local : halo_ids[local - num_owned()];
  }
};

/// From rows with node ids as columns, which are consumed: columns [entries], each once in its row.
///
/// Errors      Error{kData} if a rank's owned and halo nodes exceed 32-bit local ids
/// Collective  all ranks
/// Cost        12 bytes per entry at the peak, the 8 of `rows` included; 8 bytes sent per halo node
DistributedGraph localise_columns(const comm::Communicator& comm, const NodeBlocks& blocks, graph::Csr<int64_t>&& rows,
                                  std::vector<int32_t>&& edge_weights);

/// Finds halo_offsets and copies of a graph that has everything else. Collective.
void connect_halo(const comm::Communicator& comm, DistributedGraph& graph);

/// Values of the halo nodes from their owners: owned [n], halo [h], overwritten. Collective; sends one value for each
/// copy of a node, which is all it holds.
template <class T>
void exchange_halo(const comm::Communicator& comm, const DistributedGraph& graph, std::span<const T> owned,
                   std::span<T> halo);

/// Values of single owned nodes on their way to the copies: stage any, then run() once.
template <class T>
class HaloUpdates {
 public:
  HaloUpdates(const comm::Communicator& comm, const DistributedGraph& graph)
      : comm_(comm), graph_(graph), messages_(static_cast<size_t>(comm.size())) {}

  void stage(int64_t owned, const T& value) {
    for (int64_t i = graph_.copy_offsets[owned]; i < graph_.copy_offsets[owned + 1]; ++i) {
      messages_[graph_.copy_ranks[i]].push_back({graph_.copy_places[i], value});
    }
  }
  /// apply(halo place, value) for what other ranks staged, in order of ranks. Collective.
  template <class Apply>
  void run(const Apply& apply);

 private:
  struct Update {
    int32_t place;
    T value;
  };
  const comm::Communicator& comm_;
  const DistributedGraph& graph_;
  std::vector<std::vector<Update>> messages_;
};

template <class T>
template <class Apply>
void HaloUpdates<T>::run(const Apply& apply) {
  if (comm_.size() == 1) return;
  const comm::ReceivedValues<Update> received = comm::all_to_all(comm_, messages_);
  for (auto& message : messages_) message.clear();
  for (int rank = 0; rank < comm_.size(); ++rank) {
    for (const Update& update : received.from(rank)) {
      apply(graph_.halo_offsets[static_cast<size_t>(rank)] + update.place, update.value);
    }
  }
}

template <class T>
void exchange_halo(const comm::Communicator& comm, const DistributedGraph& graph, std::span<const T> owned,
                   std::span<T> halo) {
  if (comm.size() == 1) return;
  std::vector<size_t> counts(static_cast<size_t>(comm.size()));
  for (const int32_t rank : graph.copy_ranks) ++counts[static_cast<size_t>(rank)];
  std::vector<std::vector<T>> messages(counts.size());
  for (size_t rank = 0; rank < counts.size(); ++rank) messages[rank].reserve(counts[rank]);
  for (size_t row = 0; row < owned.size(); ++row) {
    for (int64_t i = graph.copy_offsets[row]; i < graph.copy_offsets[row + 1]; ++i) {
      messages[graph.copy_ranks[i]].push_back(owned[row]);  // rows ascend, and so do places
    }
  }
  std::vector<std::span<const std::byte>> bytes;
  for (const auto& message : messages) bytes.push_back(std::as_bytes(std::span(message)));
  const std::vector<int64_t> offsets = comm::exchange_lengths(comm, bytes);
  comm::exchange_bytes(comm, bytes, offsets, std::as_writable_bytes(halo));  // both are grouped by rank
}

}  // namespace gigahop::partition
