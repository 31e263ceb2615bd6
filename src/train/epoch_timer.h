/// Where the time of an epoch goes, averaged over ranks: waiting for data, communication, matrix products; and what its
/// batches loaded.
#pragma once

#include <chrono>
#include <functional>

#include "comm/communicator.h"
#include "sampler/pipeline.h"

namespace gigahop::train {

class EpochTimer {
 public:
  /// Seconds spent so far, as each source counts them.
  struct Spent {
    double data_wait = 0;
    double comm = 0;
    double products = 0;
    sampler::LoadTally loaded = {};
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
  };
  Shares stop(const comm::Communicator& comm) const;

 private:
  std::function<Spent()> spent_;
  Spent before_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace gigahop::train
