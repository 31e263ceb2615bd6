/// How large the batches of a run will be, from a few of them that are drawn ahead: samples that overlap need far fewer
/// distinct nodes than the B K entries they could have, and by how much only the graph tells.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "proto/config.pb.h"
#include "sampler/batch_extents.h"

namespace gigahop::train {

/// The largest over the ranks, the same on all of them.
struct DrawnBatches {
  std::vector<sampler::BatchExtents> training;    // [b] of batches with b seeds of a rank, as far as these go
  std::vector<sampler::BatchExtents> evaluation;  // empty where the run does not evaluate
  int64_t epoch_remote = 0;                       // distinct remote nodes that an epoch of training wants
  int64_t lists_bytes = 0;                        // that COORDINATED will keep, for all salts kept
};

/// What n steps come to where the first values.size() steps came to values, ascending and with ever less added: exact
/// as far as they go, then by what the last one added. Pure.
int64_t extrapolate(const std::vector<int64_t>& values, int64_t num_steps);

/// Draws the samples of the first training steps and of a few batches of each evaluated split, spread over it; no row
/// is fetched. graph: encoded. Collective. Cost: at most 10 batches' samples, what the sampler learns at its start, and
/// three times O(edges) for the lists.
DrawnBatches draw_batches(const comm::Communicator& comm, const proto::Config& config, const graph::LocalGraph& graph);

}  // namespace gigahop::train
