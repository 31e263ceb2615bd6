/// A folder of one test that all ranks see: rank 0 makes and removes it, the others wait.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/communicator.h"

namespace gigahop::tests {

class SharedFolder {
 public:
  SharedFolder(const comm::Communicator& comm, const std::string& name) : comm_(comm) {
    path_ = std::filesystem::path(testing::TempDir()) / fmt::format("gigahop_{}_on_{}", name, comm.size());
    comm::agree(comm_, [&] {
      if (comm_.rank() != 0) return;
      std::filesystem::remove_all(path_);
      std::filesystem::create_directories(path_);
    });
  }
  ~SharedFolder() {
    comm::barrier(comm_);
    std::error_code ignored;  // a folder in the temporary directory does no harm
    if (comm_.rank() == 0) std::filesystem::remove_all(path_, ignored);
  }
  SharedFolder(const SharedFolder&) = delete;
  SharedFolder& operator=(const SharedFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Runs `action` on rank 0 while the others wait; a failure there is one everywhere.
  void on_root(const std::function<void()>& action) const {
    comm::agree(comm_, [&] {
      if (comm_.rank() == 0) action();
    });
  }

 private:
  const comm::Communicator& comm_;
  std::filesystem::path path_;
};

/// All ranks, with the log limited to warnings.
inline comm::Communicator quiet_world() {
  comm::Communicator comm = comm::Communicator::world();
  configure_log(comm.rank(), comm.size(), LogLevel::kWarning);
  return comm;
}

inline std::optional<Error> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace gigahop::tests
