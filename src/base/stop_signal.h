/// The wish to stop soon but in order: what schedulers send before they end a job.
#pragma once

#include <array>
#include <csignal>

namespace gigahop {

/// While one of these lives, SIGTERM, SIGUSR1 and the first SIGINT are noted instead of ending the process; a second
/// SIGINT ends it at once. Signals that the process was started to ignore stay ignored. One at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Whether one has come.
  bool is_stop_wanted() const;

 private:
  std::array<struct sigaction, 3> before_ = {};
};

}  // namespace gigahop
