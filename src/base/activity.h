/// Whether this process still does anything: what tells a rank that computes for long from one that is stuck.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>

namespace gigahop {

/// The calling thread as the system numbers it.
int32_t this_thread_id();

/// Looks at the threads' processor time, at the bytes that the process has read and written, and at threads that the
/// file system holds, as /proc tells them.
class ActivityMeter {
 public:
  /// Looks once more. quiet: threads whose processor time tells nothing, because they only wait or watch.
  void look(const std::set<int32_t>& quiet);

  /// Since some other thread computed, or the process read or wrote, when the meter last looked: a thread that takes
  /// less than a hundredth of the time between two looks rests. One that the file system holds is at work for ten
  /// minutes, and then counts as stuck. 0 where the system does not tell.
  double idle_seconds() const;

  /// Forgets what was, as after a time in which the process did not run at all.
  void restart();

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point last_look_ = Clock::now();
  Clock::time_point last_activity_ = Clock::now();
  Clock::time_point free_of_disk_ = Clock::now();  // when the file system last held no thread, or others were at work
  std::map<int32_t, int64_t> processor_ns_;        // of each thread when last looked at
  int64_t moved_bytes_ = 0;
};

}  // namespace gigahop
