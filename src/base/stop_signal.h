/// The wish to stop soon but in order: what schedulers send before they end a job.
#pragma once

#include <atomic>
#include <csignal>
#include <thread>

namespace gigahop {

/// While one of these lives, a thread of its own waits for SIGTERM, SIGUSR1 and SIGINT. No handler runs: in this thread
/// and all that it starts they are blocked, so neither a product of oneDNN, which has the stack pointer in the heap
/// where a handler's frame would be written over what lies there, nor METIS, which handles SIGTERM itself and leaves
/// its handlers behind in another form, ever meets one. For that it has to be made before any other thread. Signals
/// that the process was started to ignore stay ignored. One at a time.
class StopSignals {
 public:
  enum class Reaction {
    kDie,   // by the signal, as any process does
    kEnd,   // at once, with the exit code, saying so
    kNote,  // for work that can be saved first; a second SIGINT ends the process as kEnd does
  };
  /// kDie at first. Throws std::system_error where the system gives no thread.
  explicit StopSignals(int exit_code);
  /// Signals that come from now on have the effect they had before.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  void react_by(Reaction reaction) { reaction_ = reaction; }
  /// Whether one has been noted.
  bool is_stop_wanted() const { return is_noted_; }

 private:
  void wait_for_signals();
  void react(int number);

  const int exit_code_;
  sigset_t awaited_ = {};
  sigset_t blocked_before_ = {};
  std::atomic<Reaction> reaction_ = Reaction::kDie;
  std::atomic<bool> is_noted_ = false;
  bool is_interrupted_ = false;
  std::thread waiting_;
};

}  // namespace gigahop
