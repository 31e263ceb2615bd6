/// Refinement by label propagation: every node moves to the part it has most edges to, where there is room for it.
#pragma once

#include <cstdint>

#include "comm/communicator.h"
#include "partition/multilevel/part_state.h"

namespace gigahop::partition {

struct LabelRefinementOptions {
  uint64_t seed = 0;
  int num_rounds = 5;
  int num_batches = 8;
};

/// No limit is exceeded that was not before. The cut falls, but for what ranks lose by moving neighbours at the same
/// time.
///
/// Collective  all ranks
/// Cost        at most num_rounds sweeps over the edges, a commit for each batch
/// Source      Meyerhenke, Sanders, Schulz 2017; room shared out beforehand, so that ranks cannot overshoot together
void refine_by_labels(const comm::Communicator& comm, PartState& state, const LabelRefinementOptions& options);

}  // namespace gigahop::partition
