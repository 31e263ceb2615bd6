#include "base/activity.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace gigahop {
namespace fs = std::filesystem;
namespace {

/// Nanoseconds of processor time by thread; those that have just ended are left out.
std::map<int32_t, int64_t> processor_times() {
  std::map<int32_t, int64_t> times;
  std::error_code failure;
  for (const fs::directory_entry& thread : fs::directory_iterator("/proc/self/task", failure)) {
    std::ifstream file(thread.path() / "schedstat");
    int64_t nanoseconds = 0;
    if (file >> nanoseconds) times[std::atoi(thread.path().filename().c_str())] = nanoseconds;
  }
  return times;
}

/// Bytes that system calls and page faults have read and written. 0 where the system does not tell.
int64_t moved_bytes() {
  std::ifstream file("/proc/self/io");
  int64_t total = 0;
  std::string name;
  int64_t count = 0;
  while (file >> name >> count) {
    if (name == "rchar:" || name == "wchar:" || name == "read_bytes:" || name == "write_bytes:") total += count;
  }
  return total;
}

}  // namespace

int32_t this_thread_id() {
  return static_cast<int32_t>(::syscall(SYS_gettid));
}

void ActivityMeter::look(const std::set<int32_t>& quiet) {
  const Clock::time_point now = Clock::now();
  const int64_t least = std::chrono::duration_cast<std::chrono::nanoseconds>(now - last_look_).count() / 100;
  std::map<int32_t, int64_t> times = processor_times();
  const int64_t moved = moved_bytes();
  // What looking itself reads of /proc is some kilobytes.
  constexpr int64_t kOwnBytes = int64_t{1} << 16;
  bool is_active = times.empty() || moved - moved_bytes_ > kOwnBytes;
  for (const auto& [thread, nanoseconds] : times) {
    const auto before = processor_ns_.find(thread);
    const int64_t spent = nanoseconds - (before == processor_ns_.end() ? 0 : before->second);
    if (spent > least && !quiet.contains(thread)) is_active = true;
  }
  if (is_active) last_activity_ = now;
  last_look_ = now;
  processor_ns_ = std::move(times);
  moved_bytes_ = moved;
}

double ActivityMeter::idle_seconds() const {
  return std::chrono::duration<double>(last_look_ - last_activity_).count();
}

}  // namespace gigahop
