/// Accuracy over whole splits: every node of the split once, exact over all ranks, in batches.
#pragma once

#include <cstdint>

#include "comm/communicator.h"
#include "model/large_gt.h"
#include "sampler/pipeline.h"

namespace gigahop::train {

/// Accuracy over the next `num_batches` batches of the pipeline, all of whose seeds have labels; NaN without seeds.
/// Collective. Cost: the loading of the batches and one all-reduce of 16 bytes.
template <class Device>
double evaluate(const comm::Communicator& comm, model::LargeGt<Device>& model, sampler::Pipeline& pipeline,
                int64_t num_batches);

}  // namespace gigahop::train
