/// How far a run is: what a checkpoint says besides its arrays.
#pragma once

#include <cstdint>

#include "graph/local_graph.h"
#include "proto/checkpoint.pb.h"
#include "proto/config.pb.h"

namespace gigahop::train {

/// Of a run on these shards before its first step, by `num_ranks` ranks. Pure.
proto::Checkpoint initial_progress(const proto::Config& config, const graph::LocalGraph& graph, int num_ranks);

/// Takes over where the run was when the checkpoint was written; what it runs on stays as given.
void continue_from(const proto::Checkpoint& saved, proto::Checkpoint& progress);

/// The steps of an epoch are done; it has not been evaluated and reported.
bool is_epoch_end_due(const proto::Checkpoint& progress);

/// The evaluated step with the best validation accuracy.
struct Best {
  int64_t step = -1;
  double valid_accuracy = 0;
  double test_accuracy = 0;
};

Best best_of(const proto::Checkpoint& progress);
void set_best(proto::Checkpoint& progress, const Best& best);

}  // namespace gigahop::train
