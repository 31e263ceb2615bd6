/// Where the time of an epoch goes: waiting for data, communication, matrix products; averaged over ranks.
#pragma once

#include <chrono>
#include <functional>

#include "comm/communicator.h"

namespace gigahop::train {

class EpochTimer {
 public:
  /// Seconds spent so far, as each source counts them.
  struct Spent {
    double data_wait = 0;
    double comm = 0;
    double products = 0;
  };
  /// Starts now.
  explicit EpochTimer(std::function<Spent()> spent);

  /// Seconds since the start, the longest of any rank, and the shares of it, mean over ranks. Collective.
  struct Shares {
    double seconds = 0;
    double data_wait = 0;
    double comm = 0;
    double products = 0;
  };
  Shares stop(const comm::Communicator& comm) const;

 private:
  std::function<Spent()> spent_;
  Spent before_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace gigahop::train
