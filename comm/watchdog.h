/// Ends the silence when ranks wait for one that will not come: names it, and lets the job end.
///
/// Each rank has a thread that tells the next rank every second what this one is doing, and answers when another
/// rank asks. When a wait of this rank has lasted for the deadline, the thread asks all ranks, twice where some do not
/// answer, and explains (comm/hang.h) who is in the way; if that rank only takes its time, it asks again later.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "comm/communicator.h"
#include "comm/hang.h"

namespace gigahop::comm {

struct WatchdogOptions {
  double deadline_seconds = 120;
  double beat_seconds = 1;    // between two messages to the next rank
  double answer_seconds = 5;  // that other ranks have to answer a question
};

/// The training step that this process is at, for what is said of it in a hang; negative: none. Any thread.
void note_step(const Communicator& comm, int64_t step);

/// Watches over `comm` and all its duplicates while it lives. A job of one rank needs none and starts none.
/// Cost: 112 bytes to one rank every beat; R messages when a deadline has passed, and at the end.
class Watchdog {
 public:
  /// Collective. on_hang: called at most once, on the watchdog's thread.
  Watchdog(const Communicator& comm, const WatchdogOptions& options, std::function<void(const Hang& hang)> on_hang);
  /// Not collective: a rank that failed ends its own. What others send it stays unreceived.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Collective. Ends the watch when all messages of all ranks have been received; on_hang is called where a rank does
  /// not come to this end within the deadline.
  void end();

 private:
  class Watch;
  std::unique_ptr<Watch> watch_;
};

}  // namespace gigahop::comm
