/// Refinement by Jet: in every iteration all nodes that would gain, or lose little, move at once, after each has looked
/// at what its neighbours are about to do; then overfull parts are relieved. The best partition seen is kept.
#pragma once

#include "comm/communicator.h"
#include "partition/multilevel/part_state.h"

namespace gigahop::partition {

struct JetOptions {
  /// Share of its own connection that a node may lose in a move, round by round.
  double first_temperature = 0.75;
  double last_temperature = 0.25;
  int num_rounds = 2;
  /// A round ends after more than so many iterations in a row that gain less than a share of the cut.
  int patience = 6;
  double worthwhile = 0.001;
};

/// Returns the quality of the state, which is never worse than before.
///
/// Collective  all ranks
/// Cost        two sweeps over the edges in each iteration; 12 bytes sent per copy that would move, 8 per copy moved
/// Source      Gilbert, Madduri, Boman, Rajamanickam, Jet: Multilevel Graph Partitioning on GPUs, 2024
Quality refine_by_jet(const comm::Communicator& comm, PartState& state, const JetOptions& options);

}  // namespace gigahop::partition
