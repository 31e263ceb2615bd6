/// Moves nodes out of overfull parts, those that cost the cut least first.
#pragma once

#include "comm/communicator.h"
#include "partition/multilevel/part_state.h"

namespace gigahop::partition {

/// Nodes leave for the part with room in every constraint that they have most edges to, or else for an empty one. All
/// ranks work on all overfull parts at once: what has to go is divided among them at a common price, and what may enter
/// a part by shares. Where constraints stand in each other's way (a part has too many edges, and those with room for
/// edges are full of nodes) nodes also enter where they add less overload than they take away, so that parts exchange
/// nodes until all limits hold. Where shares are too small for a node, the ranks take turns with all of the room.
///
/// Where limits cannot be met this way the state stays above them, but never further than it was.
///
/// Collective  all ranks
/// Cost        in each round a sweep over the rows of overfull parts, of a sample of them where little has to leave,
///             and 2 kB sent per overfull part and constraint; 4 bytes per local node while nodes are exchanged
/// Source      after the rebalancing of Sanders and Seemaier 2023, with any number of constraints and exchanges
void balance(const comm::Communicator& comm, PartState& state);

/// balance() again and again while that helps: for the last word, where nodes that have to move may all be one rank's,
/// which has only its share of the room in a round. Collective.
void balance_to_the_end(const comm::Communicator& comm, PartState& state);

}  // namespace gigahop::partition
