/// The wish to stop soon but in order: what schedulers send before they end a job.
#pragma once

#include <array>
#include <csignal>

namespace gigahop {

/// While one of these lives, SIGTERM, SIGUSR1 and SIGINT end the process at once with an exit code of the caller's, or
/// are noted while there is work that can be saved first; a second SIGINT ends it at once in any case. Signals that the
/// process was started to ignore stay ignored. One at a time.
class StopSignals {
 public:
  enum class Reaction { kEnd, kNote };
  /// kEnd at first.
  explicit StopSignals(int exit_code);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  void react_by(Reaction reaction);
  /// Whether one has been noted.
  bool is_stop_wanted() const;

 private:
  std::array<struct sigaction, 3> before_ = {};
};

}  // namespace gigahop
