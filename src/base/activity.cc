#include "base/activity.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace gigahop {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::minutes kPatienceWithDisks(10);

struct ThreadState {
  int64_t processor_ns = 0;
  bool is_held = false;  // in a call that only the file system or a device can end
};

/// By thread; those that have just ended are left out.
std::map<int32_t, ThreadState> look_at_threads() {
  std::map<int32_t, ThreadState> threads;
  std::error_code failure;
  for (fs::directory_iterator entry("/proc/self/task", failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    ThreadState state;
    std::ifstream times(entry->path() / "schedstat");
    if (!(times >> state.processor_ns)) continue;
    std::ifstream file(entry->path() / "stat");
    std::string line;
    std::getline(file, line);
    const size_t end_of_name = line.rfind(')');
    state.is_held = end_of_name != std::string::npos && line.compare(end_of_name + 1, 2, " D") == 0;
    threads[std::atoi(entry->path().filename().c_str())] = state;
  }
  return threads;
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
  const std::map<int32_t, ThreadState> threads = look_at_threads();
  const int64_t moved = moved_bytes();
  // What looking itself reads of /proc is some kilobytes.
  constexpr int64_t kOwnBytes = int64_t{1} << 16;
  bool is_active = threads.empty() || moved - moved_bytes_ > kOwnBytes;
  bool is_held = false;
  std::map<int32_t, int64_t> processor_ns;
  for (const auto& [thread, state] : threads) {
    const auto before = processor_ns_.find(thread);
    const int64_t spent = state.processor_ns - (before == processor_ns_.end() ? 0 : before->second);
    if (spent > least && !quiet.contains(thread)) is_active = true;
    is_held = is_held || state.is_held;
    processor_ns[thread] = state.processor_ns;
  }
  if (is_active || !is_held) free_of_disk_ = now;
  if (is_active || (is_held && now - free_of_disk_ < kPatienceWithDisks)) last_activity_ = now;
  last_look_ = now;
  processor_ns_ = std::move(processor_ns);
  moved_bytes_ = moved;
}

void ActivityMeter::restart() {
  *this = ActivityMeter();
}

double ActivityMeter::idle_seconds() const {
  return std::chrono::duration<double>(last_look_ - last_activity_).count();
}

}  // namespace gigahop
