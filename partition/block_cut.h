/// Where to cut the range of node ids so that every rank's block costs about the same, once degrees are known.
///
/// A node costs its row and as much again as an average row: so neither nodes nor adjacency entries of a block exceed
/// twice their share, however skewed the degrees, unless one row alone does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

/// Cost of a node besides its entries, in entries.
int64_t node_cost(int64_t num_nodes, int64_t num_entries);

/// The boundaries between blocks that lie in one rank's piece of the ids: rank k's block begins at the first node whose
/// predecessors cost k shares of `total`.
///
/// degrees      of nodes first_node, first_node + 1, ...
/// cost_before  of all nodes before; the piece with cost 0 before it also decides boundaries that need no cost
/// Pure.
std::vector<int64_t> boundaries_in_piece(std::span<const int64_t> degrees, int64_t first_node, int64_t cost_per_node,
                                         int64_t cost_before, int64_t total, int num_ranks);

struct RecutDegrees {
  NodeBlocks blocks{0, 1};
  std::vector<int64_t> degrees;  // [block] of this rank
};
/// Cuts anew, for as many ranks as count_owners says, and moves the degrees to the ranks of the new blocks. degrees: of
/// this rank's block of `old`.
/// Collective. Cost: 8 bytes per node that changes hands.
RecutDegrees recut_blocks(const comm::Communicator& comm, const NodeBlocks& old, std::span<const int64_t> degrees,
                          int64_t entries_of_rank);

}  // namespace gigahop::partition
