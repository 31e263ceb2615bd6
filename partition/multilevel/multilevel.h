/// Parts of a graph that is spread over the ranks: coarsen by clusters until METIS can hold the rest, cut that, then
/// carry the cut back level by level, mending and refining it on each.
///
/// Source  multilevel scheme of METIS (Karypis, Kumar 1998); clusters of Meyerhenke, Sanders, Schulz 2017; Jet of
///         Gilbert et al. 2024
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "partition/distributed_graph.h"
#include "partition/part_limits.h"

namespace gigahop::partition {

struct MultilevelOptions {
  int num_parts = 1;
  double imbalance = 0.03;  // allowed excess of the heaviest part over the average, for each constraint
  uint64_t seed = 0;
  int64_t chunk_bytes = 64 << 20;  // what a rank sends at a time while it contracts
  int64_t metis_entries = 0;       // adjacency entries that METIS is given at most; 0: most_metis_entries()
};

/// An eighth of the graph's entries, within one and 40 million: METIS takes 1.2 GB for these in 8 parts, 2.4 GB in 64.
int64_t most_metis_entries(int64_t num_entries);

/// [owned] part of each node.
///
/// finest        symmetric, without self-loops and duplicates, edges of weight 1
/// node_weights  [owned, C]; the first constraint is the number of nodes, 1 for each
///
/// Every part has a node if there are as many nodes as parts. Limits hold wherever whole nodes allow (part_limits);
/// what cannot be met is left to the figures of the partition.
///
/// Collective  all ranks
/// Cost        time linear in the entries; memory beside `finest`: about 25 bytes an entry, summed over the ranks
/// Order       a function of the graph, the options and the number of ranks
std::vector<int32_t> multilevel_partition(const comm::Communicator& comm, const DistributedGraph& finest,
                                          int num_constraints, std::span<const NodeWeight> node_weights,
                                          const MultilevelOptions& options);

/// Improves parts from elsewhere in place: gives a part to nodes that have none (kNoPart, of a graph that grew),
/// balances and refines on the graph as it is. parts [owned]. Collective.
void refine_partition(const comm::Communicator& comm, const DistributedGraph& graph, int num_constraints,
                      std::span<const NodeWeight> node_weights, const MultilevelOptions& options,
                      std::span<int32_t> parts);

}  // namespace gigahop::partition
