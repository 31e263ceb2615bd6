#include "base/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace gigahop {
namespace {

/// "0::/path" of a process in a v2 hierarchy; empty elsewhere.
std::string control_group() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return "";
}

/// A field of this process's status; 0 where the system does not tell.
int64_t status_bytes(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return 1024 * std::strtoll(line.c_str() + field.size(), nullptr, 10);
  }
  return 0;
}

}  // namespace

int64_t memory_of_host() {
  int64_t bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  // A limit may stand at any level above the process's own group.
  for (std::string group = control_group();; group.erase(group.find_last_of('/'))) {
    std::ifstream file("/sys/fs/cgroup" + group + "/memory.max");
    int64_t limit = 0;
    if (file >> limit) bytes = std::min(bytes, limit);
    if (group.find('/') == std::string::npos) return bytes;
  }
}

int64_t own_memory() {
  return status_bytes("RssAnon:") + status_bytes("RssShmem:");
}

int64_t peak_memory() {
  return status_bytes("VmHWM:");
}

void reset_peak_memory() {
  std::ofstream("/proc/self/clear_refs") << '5';
}

void release_freed_memory() {
  malloc_trim(0);
}

LargeBuffersApart::LargeBuffersApart() {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

/// What glibc itself would at most have come to.
LargeBuffersApart::~LargeBuffersApart() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

}  // namespace gigahop
