/// Coarsening, first half: nodes gather in clusters of bounded weight by label propagation, each joining the cluster
/// that most of its edges lead to.
///
/// Ranks work at the same time on labels that are at most one batch old. The weight of a cluster is kept by the rank
/// that owns the node it is named after; what all ranks together brought above the bound in a batch is taken back, from
/// each in proportion to what it brought. So no cluster ever exceeds the bound.
///
/// Source  Meyerhenke, Sanders, Schulz, Parallel Graph Partitioning for Complex Networks, 2017 (size-constrained label
///         propagation); Sanders, Seemaier, Distributed Deep Multilevel Graph Partitioning, 2023 (reverted overshoot)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "partition/multilevel/level.h"

namespace gigahop::partition {

struct ClusterOptions {
  std::vector<int64_t> max_weights;  // [C] at most most_weight(R); a node that is heavier stays alone
  uint64_t seed = 0;
  int num_rounds = 3;
  int num_batches = 8;  // of each round; between two, labels and weights are exchanged
};

/// No cluster: isolated nodes.
inline constexpr int64_t kNoCluster = -1;

/// [owned] node id that names the cluster of each node; kNoCluster for isolated nodes. Where clusters
/// would be more than half as many as nodes, those with the same favourite cluster are paired (two-hop step).
///
/// Collective  all ranks
/// Cost        num_rounds sweeps over the edges; 16 bytes sent per changed label and copy, 8 (2 + 4 C) per cluster that
///             a rank changed elsewhere; memory 4 C + 12 bytes per local node, about twice that per foreign cluster
/// Order       a function of the graph, the options and the number of ranks
std::vector<int64_t> cluster_nodes(const comm::Communicator& comm, const LevelView& level,
                                   const ClusterOptions& options);

}  // namespace gigahop::partition
