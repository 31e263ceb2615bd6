/// The line of an epoch, before it is evaluated.
#pragma once

#include "proto/checkpoint.pb.h"
#include "proto/metrics.pb.h"
#include "train/epoch_timer.h"

namespace gigahop::train {

/// progress: at the end of the epoch, with its tally. seeds_before: of the epoch, trained on by an earlier process,
/// whose time is not in `shares`. Pure.
proto::Metrics epoch_metrics(const proto::Checkpoint& progress, const EpochTimer::Shares& shares, int64_t seeds_before,
                             double learning_rate);

}  // namespace gigahop::train
