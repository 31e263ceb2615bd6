/// Ends the silence when ranks wait for one that will not come: names it, and lets the job end.
///
/// Each rank has a thread that tells the next rank every few seconds what this one is doing, and answers when another
/// rank asks. When a wait of this rank has lasted for the deadline, the thread asks all ranks, twice where some do not
/// answer, and explains (comm/hang.h) who is in the way; if that rank only takes its time, it asks again later.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "comm/communicator.h"

namespace gigahop::comm {

struct WatchdogOptions {
  double deadline_seconds = 120;
  double beat_seconds = 5;    // between two messages to the next rank
  double answer_seconds = 5;  // that other ranks have to answer a question
};

/// Watches over `comm` and all its duplicates while it lives. A job of one rank needs none and starts none.
/// Cost: 96 bytes to one rank every beat; R messages when a deadline has passed.
class Watchdog {
 public:
  /// Collective. on_hang: called at most once, on the watchdog's thread, with the explanation.
  Watchdog(const Communicator& comm, const WatchdogOptions& options,
           std::function<void(const std::string& explanation)> on_hang);
  /// Not collective: a rank that failed ends its own.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  class Watch;
  std::unique_ptr<Watch> watch_;
};

}  // namespace gigahop::comm
