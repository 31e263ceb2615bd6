/// Accuracy over whole splits: every node of the split once, exact over all ranks, in batches.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "comm/communicator.h"
#include "model/large_gt.h"
#include "train/confusion.h"
#include "train/device_batches.h"

namespace gigahop::train {

struct Evaluation {
  double accuracy = 0;  // NaN without seeds
  ConfusionCounts confusion;
};

/// Over the next `num_batches` batches, all of whose seeds have labels, on all ranks. Nothing, and what remains of the
/// batches is not taken, if before one of them a rank is told to stop. Collective. Cost: the loading of the batches,
/// and for each an all-reduce of 8 bytes; one of the confusion counts.
template <class Device>
std::optional<Evaluation> evaluate(const comm::Communicator& comm, model::LargeGt<Device>& model,
                                   DeviceBatches<Device>& batches, int64_t num_batches,
                                   const std::function<bool()>& is_stop_wanted);

}  // namespace gigahop::train
