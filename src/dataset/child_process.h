/// A program of the distribution whose standard output is read as a stream: decompressors and apt-cache.
///
/// Started without a shell, found on PATH. Its standard error is kept for the message of a failure.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gigahop::dataset {

class ChildProcess {
 public:
  /// arguments[0] is the program. `input`: the file that becomes its standard input; empty: /dev/null.
  /// Error{kData} if the program is missing or `input` cannot be opened.
  explicit ChildProcess(std::vector<std::string> arguments, const std::filesystem::path& input = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Number of bytes read; 0 at the end, and only if the program ended with status 0: otherwise Error{kData}.
  size_t read(std::span<char> out);

 private:
  void start(int input_fd, int write_fd);
  void expect_success();

  std::vector<std::string> arguments_;
  std::string place_;
  pid_t pid_ = -1;
  int output_fd_ = -1;
  int error_fd_ = -1;
};

}  // namespace gigahop::dataset
