/// Where the time of an epoch goes, averaged over ranks: waiting for data, communication, matrix products; and what its
/// batches loaded.
#pragma once

#include <chrono>
#include <functional>

#include "comm/communicator.h"
#include "sampler/mini_batch.h"
#include "train/step_seconds.h"

namespace gigahop::train {

class EpochTimer {
 public:
  /// Seconds spent so far, as each source counts them.
  struct Spent {
    double data_wait = 0;
    double comm = 0;
    double products = 0;
    sampler::LoadTally loaded = {};
    StepSeconds step = {};
  };
  /// Starts now.
  explicit EpochTimer(std::function<Spent()> spent);

  /// Seconds since the start, the longest of any rank, and the shares of it, mean over ranks. Collective.
  struct Shares {
    double seconds = 0;
    double data_wait = 0;
    double comm = 0;
    double products = 0;
    sampler::LoadTally loaded = {};  // sum over ranks
    /// Of this rank alone.
    double own_seconds = 0;
    double own_data_wait_seconds = 0;
    StepSeconds own_step = {};
  };
  Shares stop(const comm::Communicator& comm) const;

  /// So far, of this rank: how much of its time it waited for data. Not collective.
  double own_data_wait_share() const;

 private:
  std::function<Spent()> spent_;
  Spent before_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace gigahop::train
