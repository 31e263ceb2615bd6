/// Moves nodes out of overfull parts, those that cost the cut least first.
#pragma once

#include "comm/communicator.h"
#include "partition/multilevel/part_state.h"

namespace gigahop::partition {

/// Nodes leave for the part with room in every constraint that they have most edges to, or else for an empty
/// one. All ranks work on all overfull parts at once: what has to go is divided among them at a common price, and what
/// may enter a part by shares; where shares are too small for a node, the ranks take turns with all of the room.
///
/// Where limits cannot be met this way the state stays above them.
///
/// Collective  all ranks
/// Cost        in each round a sweep over the rows of overfull parts, 2 kB sent per overfull part and constraint
/// Source      after the rebalancing of Sanders and Seemaier 2023, with any number of constraints
void balance(const comm::Communicator& comm, PartState& state);

/// Where constraints stand in each other's way (a part has too many edges, and those with room for edges are full of
/// nodes): balances the exceeded constraints with some slack for the others, then all of them strictly, a few times.
/// Never leaves more overload than balance() alone. Collective.
void balance_in_turns(const comm::Communicator& comm, PartState& state);

}  // namespace gigahop::partition
