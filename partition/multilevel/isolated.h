/// What has no edges costs no cut wherever it is: isolated nodes, and on coarse levels whole components. Held out while
/// the rest is cut, they fill parts up evenly afterwards. At the very end parts that are still empty get a node.
#pragma once

#include "comm/communicator.h"
#include "partition/multilevel/part_state.h"

namespace gigahop::partition {

/// Gives every node with kNoPart a part, whatever its edges, each to the emptiest that has room in every constraint, or
/// to the emptiest where none has. Collective. Cost: all kinds of such nodes (tuples of weights) on every rank, two
/// sums and P numbers for each.
void place_isolated_nodes(const comm::Communicator& comm, PartState& state);

/// Gives every part a node, if there are as many nodes as parts: one of low degree from the part with most nodes.
/// Collective. Cost: a sweep over the nodes for each empty part.
void fill_empty_parts(const comm::Communicator& comm, PartState& state);

}  // namespace gigahop::partition
