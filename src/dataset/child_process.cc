#include "dataset/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace gigahop::dataset {
namespace {

constexpr size_t kMaxMessageBytes = 400;

Error system_error(const std::string& place, std::string_view action, int error_number) {
  return Error(ErrorKind::kData, fmt::format("{}: cannot {}: {}", place, action, std::strerror(error_number)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> arguments, const std::filesystem::path& input)
    : arguments_(std::move(arguments)) {
  const std::filesystem::path source = input.empty() ? std::filesystem::path("/dev/null") : input;
  place_ = input.empty() ? fmt::format("`{}`", fmt::join(arguments_, " "))
                         : fmt::format("{} (through `{}`)", input.string(), fmt::join(arguments_, " "));
  const Descriptor input_fd(open(source.c_str(), O_RDONLY | O_CLOEXEC));
  if (input_fd.get() < 0) throw system_error(source.string(), "open", errno);
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) throw system_error(place_, "make a pipe", errno);
  output_fd_ = ends[0];
  const Descriptor write_fd(ends[1]);
  error_fd_ = memfd_create("messages", MFD_CLOEXEC);
  try {
    start(input_fd.get(), write_fd.get());
  } catch (...) {
    close(output_fd_);
    if (error_fd_ >= 0) close(error_fd_);
    throw;
  }
}

void ChildProcess::start(int input_fd, int write_fd) {
  if (error_fd_ < 0) throw system_error(place_, "make a buffer for messages", errno);
  posix_spawn_file_actions_t actions;
  int failure = posix_spawn_file_actions_init(&actions);
  if (failure != 0) throw system_error(place_, "start", failure);
  failure = posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
  if (failure == 0) failure = posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
  if (failure == 0) failure = posix_spawn_file_actions_adddup2(&actions, error_fd_, STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& argument : arguments_) argv.push_back(argument.data());
  argv.push_back(nullptr);
  if (failure == 0) failure = posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure == ENOENT) {
    throw data_error(place_, fmt::format("the program {} on PATH", arguments_[0]), "none of that name",
                     "install it from the distribution, or unpack the file first");
  }
  if (failure != 0) throw system_error(place_, "start", failure);
}

ChildProcess::~ChildProcess() {
  close(output_fd_);
  close(error_fd_);
  if (pid_ > 0) {
    kill(pid_, SIGKILL);  // SIGTERM may be blocked (base/stop_signal.h)
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

size_t ChildProcess::read(std::span<char> out) {
  ssize_t count = 0;
  do {
    count = ::read(output_fd_, out.data(), out.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) throw system_error(place_, "read", errno);
  if (count == 0 && pid_ > 0) expect_success();
  return static_cast<size_t>(count);
}

void ChildProcess::expect_success() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw system_error(place_, "wait", errno);
  }
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::string message(kMaxMessageBytes, '\0');
  const ssize_t length = pread(error_fd_, message.data(), message.size(), 0);
  message.resize(length > 0 ? static_cast<size_t>(length) : 0);
  message = message.substr(0, message.find('\n'));
  throw data_error(place_, "exit status 0", describe_end(status), message);
}

}  // namespace gigahop::dataset
