/// A timeline of this process: spans with a name, by thread. Off until it is started, and then of bounded size.
///
/// One for the whole process, like the log, so that every layer can leave a span without being handed anything. Cost of
/// a span: one load while off, two readings of the clock while on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gigahop::trace {

struct Event {
  const char* name = nullptr;
  int32_t thread = 0;   // index into Recording::threads
  int64_t number = -1;  // of the step; -1 = none
  int64_t begin_ns = 0;
  int64_t end_ns = 0;  // since start()
};

struct Recording {
  std::vector<Event> events;         // in the order of their ends
  std::vector<std::string> threads;  // names, "thread 3" where none was given
  int64_t num_lost = 0;              // spans that ended after the recording was full
};

/// From now on, until `max_events` spans have ended or stop() is called.
void start(int64_t max_events);
/// What was recorded; nothing is on any more. No thread may be within a span.
Recording stop();

/// For a thread that runs as long as the program needs it.
void name_thread(const char* name);

/// From its making to its end. name: of static storage.
class Span {
 public:
  explicit Span(const char* name, int64_t number = -1);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  const char* name_;
  int64_t number_;
  int64_t begin_ns_;
};

}  // namespace gigahop::trace
