// Loaded before the program by LD_PRELOAD: a disk on which every sync of a file under a folder of checkpoints takes
// SLOW_DISK_SECONDS, for all ranks or for the rank SLOW_DISK_RANK alone.
#include <dlfcn.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace {

bool is_checkpoint(int fd) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
  return !error && path.string().find("/checkpoints/") != std::string::npos;
}

bool is_slow_here() {
  const char* chosen = std::getenv("SLOW_DISK_RANK");
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return chosen == nullptr || (rank != nullptr && std::string(rank) == chosen);
}

}  // namespace

extern "C" int fsync(int fd) {
  static const auto next = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fsync"));
  const char* seconds = std::getenv("SLOW_DISK_SECONDS");
  if (seconds != nullptr && is_slow_here() && is_checkpoint(fd)) {
    std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(seconds)));
  }
  return next(fd);
}
