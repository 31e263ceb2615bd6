#include "dataset/rehearsal.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::dataset {
namespace {

constexpr int kThrew = 3;

/// Writable memory of this process; what RLIMIT_DATA limits.
int64_t data_bytes() {
  std::array<int64_t, 6> pages = {};  // size, resident, shared, text, library, data
  std::ifstream statm("/proc/self/statm");
  for (int64_t& number : pages) statm >> number;
  return pages.back() * sysconf(_SC_PAGESIZE);
}

/// Tells by `output` what was thrown.
[[noreturn]] void perform(int64_t memory_bytes, const std::function<void()>& work, int output) {
  const auto most = static_cast<rlim_t>(data_bytes() + memory_bytes);
  const rlimit data = {most, most};
  const rlimit no_core = {0, 0};
  ::setrlimit(RLIMIT_DATA, &data);
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (const int nowhere = ::open("/dev/null", O_WRONLY); nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  std::string_view failure;
  try {
    work();
    ::_exit(0);
  } catch (const Error& error) {
    failure = error.what();
    ::_exit(::write(output, failure.data(), failure.size()) < 0 ? 1 : kThrew);
  } catch (...) {
    ::_exit(1);
  }
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> piece = {};
  while (true) {
    const ssize_t length = ::read(fd, piece.data(), piece.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return text;
    text.append(piece.data(), static_cast<size_t>(length));
  }
}

}  // namespace

void rehearse(const std::string& place, int64_t memory_bytes, const std::function<void()>& work) {
  std::array<int, 2> pipe_ends = {};
  const bool has_pipe = ::pipe2(pipe_ends.data(), O_CLOEXEC) == 0;
  const pid_t copy = has_pipe ? ::fork() : -1;
  if (copy == 0) perform(memory_bytes, work, pipe_ends[1]);
  const int reason = errno;
  if (has_pipe) ::close(pipe_ends[1]);
  const std::string failure = has_pipe ? read_all(pipe_ends[0]) : "";
  if (has_pipe) ::close(pipe_ends[0]);
  if (copy < 0) throw data_error(place, "a process of its own that reads it first", std::strerror(reason));
  int status = 0;
  while (::waitpid(copy, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kThrew) throw Error(ErrorKind::kData, failure);
  throw data_error(place, "a file that its library can read",
                   WIFSIGNALED(status) ? fmt::format("one at which it ends by signal {}", WTERMSIG(status))
                                       : std::string("one at which it fails or wants too much memory"),
                   "it is damaged, or needs more memory than there is");
}

}  // namespace gigahop::dataset
