/// What each rank spent in an epoch and what it holds, side by side in the epoch's line.
#pragma once

#include "comm/communicator.h"
#include "proto/metrics.pb.h"
#include "train/epoch_timer.h"

namespace gigahop::train {

/// Adds metrics.ranks, and the largest peak of memory. shares: of this rank's timer. Collective. Cost: an all-gather of
/// 64 bytes a rank.
void add_rank_figures(const comm::Communicator& comm, const EpochTimer::Shares& shares, proto::Metrics& metrics);

}  // namespace gigahop::train
