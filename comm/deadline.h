/// Ends a process that MPI does not come back to: at its start and its end no watchdog can ask the other ranks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace gigahop::comm {

class Deadline {
 public:
  /// Unless this is destroyed before `limit` has passed, the process prints "comm: WHAT ..." and ends with the exit
  /// code of comm; the launcher then ends the other ranks.
  Deadline(std::chrono::milliseconds limit, std::string what);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;  // last: it uses all of the others
};

}  // namespace gigahop::comm
