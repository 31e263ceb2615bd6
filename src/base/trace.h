/// A timeline of this process: spans with a name, by thread. Off until it is started, and then of bounded size. And, on
/// or off, what the main thread is in, for what is said of it in a hang.
///
/// One for the whole process, like the log, so that every layer can leave a span without being handed anything. Cost of
/// a span: a load and, on the main thread, two stores while off; two readings of the clock more while on.
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

/// The innermost span of work of the thread that main() runs on; nullptr: none. Any thread.
const char* main_thread_is_in();

/// From its making to its end. name: outlives the recording.
class Span {
 public:
  /// kWait: belongs to the work around it, which is what the thread is in.
  enum class Kind { kWork, kWait };

  explicit Span(const char* name, int64_t number = -1, Kind kind = Kind::kWork);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  const char* name_ = nullptr;  // unless it is recorded
  int64_t number_;
  int64_t begin_ns_ = 0;
  bool is_within_ = false;        // it is what the main thread is in,
  const char* around_ = nullptr;  // within this
};

}  // namespace gigahop::trace
