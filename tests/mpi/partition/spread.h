/// Graphs that all ranks know, spread over them, for tests of the phases of multilevel partitioning.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "base/random.h"
#include "comm/collectives.h"
#include "comm/communicator.h"
#include "partition/multilevel/multilevel.h"
#include "partition/multilevel/part_state.h"
#include "support/tiny_graphs.h"

namespace gigahop::partition {

using tests::EdgeList;
using Rows = std::vector<std::vector<int64_t>>;

inline uint64_t draw(uint64_t seed, int64_t id) {
  return random_bits({seed}, Purpose::kTest, 0, static_cast<uint64_t>(id), 0);
}

/// A graph of `num_blocks` communities of equal size with `degree` edges a node, one in ten of them leaving.
inline EdgeList communities(int64_t num_nodes, int num_blocks, int degree) {
  EdgeList graph{.num_nodes = num_nodes, .edges = {}};
  for (int64_t edge = 0; edge < num_nodes * degree / 2; ++edge) {
    const auto u = static_cast<int64_t>(draw(1, edge) % static_cast<uint64_t>(num_nodes));
    auto v = static_cast<int64_t>(draw(2, edge) % static_cast<uint64_t>(num_nodes));
    if (draw(3, edge) % 10 != 0) v = v / num_blocks * num_blocks + u % num_blocks;
    if (u != v && v < num_nodes) graph.edges.emplace_back(u, v);
  }
  return graph;
}

/// As if these were training nodes: a third of every community.
inline int64_t third_weight(int64_t node) {
  return node / 6 % 3 == 0 ? 1 : 0;
}

/// Every rank's rows of a graph that all ranks know, with the weights 1, degree and third_weight.
struct Spread {
  Spread(const comm::Communicator& comm, const EdgeList& edges) : Spread(comm, edges, comm.size()) {}
  /// The first num_owners ranks alone have rows.
  Spread(const comm::Communicator& comm, const EdgeList& edges, int num_owners)
      : rows(tests::adjacency(edges, tests::Direction::kSymmetrised)) {
    const NodeBlocks blocks(edges.num_nodes, comm.size(), num_owners);
    graph::Csr<int64_t> own;
    own.row_offsets.push_back(0);
    for (int64_t node = blocks.first(comm.rank()); node < blocks.first(comm.rank() + 1); ++node) {
      const auto& row = rows[static_cast<size_t>(node)];
      own.column_ids.insert(own.column_ids.end(), row.begin(), row.end());
      own.row_offsets.push_back(static_cast<int64_t>(own.column_ids.size()));
      weights.push_back(1);
      weights.push_back(static_cast<int64_t>(row.size()));
      weights.push_back(third_weight(node));
    }
    graph = localise_columns(comm, blocks, std::move(own), {});
  }

  LevelView view() const { return {graph, 3, weights}; }

  PartLimits limits(int num_parts, double imbalance) const {
    std::vector<int64_t> totals(3);
    std::vector<int64_t> heaviest(3);
    for (size_t node = 0; node < rows.size(); ++node) {
      const int64_t own[] = {1, static_cast<int64_t>(rows[node].size()), third_weight(static_cast<int64_t>(node))};
      for (size_t c = 0; c < 3; ++c) {
        totals[c] += own[c];
        heaviest[c] = std::max(heaviest[c], own[c]);
      }
    }
    return part_limits(totals, heaviest, num_parts, imbalance);
  }

  Rows rows;
  DistributedGraph graph;
  std::vector<NodeWeight> weights;
};

/// Everybody's values, in node order, on every rank.
template <class T>
std::vector<T> whole(const comm::Communicator& comm, std::span<const T> mine) {
  return comm::all_gather_varied(comm, mine);
}

template <class Label>
int64_t cut_of(const Rows& rows, const std::vector<Label>& labels) {
  int64_t cut = 0;
  for (size_t node = 0; node < rows.size(); ++node) {
    for (const int64_t other : rows[node]) cut += labels[node] != labels[static_cast<size_t>(other)] ? 1 : 0;
  }
  return cut / 2;
}

inline std::vector<int32_t> random_parts(const comm::Communicator& comm, const DistributedGraph& graph, int num_parts) {
  std::vector<int32_t> parts;
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    parts.push_back(static_cast<int32_t>(draw(7, graph.node(comm.rank(), row)) % static_cast<uint64_t>(num_parts)));
  }
  return parts;
}

inline MultilevelOptions options_for(int num_parts) {
  return {.num_parts = num_parts, .imbalance = 0.05, .seed = 5, .chunk_bytes = 64};
}

}  // namespace gigahop::partition
