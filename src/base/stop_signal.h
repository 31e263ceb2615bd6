/// The wish to stop soon but in order: what schedulers send before they end a job.
#pragma once

#include <atomic>
#include <csignal>
#include <memory>

namespace gigahop {

/// From its making to the end of the process a thread of its own waits for SIGTERM, SIGUSR1 and SIGINT, which are
/// blocked in this thread and in all that it starts, processes too. So no handler runs, for two reasons: oneDNN's
/// products have the stack pointer in the heap, where the frame of a handler overwrites data; and METIS handles SIGTERM
/// while it runs, by giving up, and makes the handler of before one of a single shot.
///
/// To be made once, before any other thread. Signals that the process was started to ignore stay ignored.
class StopSignals {
 public:
  enum class Reaction {
    kDie,   // by the signal, as any process does
    kEnd,   // at once, with the exit code, saying so
    kNote,  // for work that can be saved first; a second SIGINT ends the process as kEnd does
  };
  /// kDie at first. Throws std::system_error where the system gives no thread.
  explicit StopSignals(int exit_code);

  void react_by(Reaction reaction) { state_->reaction = reaction; }
  /// Whether one has been noted.
  bool is_stop_wanted() const { return state_->is_noted; }

 private:
  struct State {
    int exit_code = 0;
    sigset_t awaited = {};
    sigset_t ignored = {};
    std::atomic<Reaction> reaction = Reaction::kDie;
    std::atomic<bool> is_noted = false;
    bool is_interrupted = false;

    void react(int number);
  };
  std::shared_ptr<State> state_;
};

}  // namespace gigahop
