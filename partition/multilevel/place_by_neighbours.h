/// New nodes of a graph that grew: each goes where most of its neighbours are.
#pragma once

#include "comm/communicator.h"
#include "partition/multilevel/part_state.h"

namespace gigahop::partition {

/// Gives nodes with kNoPart the part that they have most edges to, among those with room; in rounds, so that nodes
/// follow neighbours that were placed before. Left without a part are nodes that no edge ties to a placed one, and
/// those that found no room.
///
/// Collective  all ranks
/// Cost        in each round a look at the edges of nodes still without part, and a commit
void place_by_neighbours(const comm::Communicator& comm, PartState& state);

}  // namespace gigahop::partition
