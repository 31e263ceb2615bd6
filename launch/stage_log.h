/// What `gigahop run` has already done in a workspace, and with which settings and input.
///
/// A stage is skipped when the same settings and input have produced an output that is still there; it is continued
/// when it was begun with them; otherwise it starts anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/folder_lock.h"
#include "comm/communicator.h"
#include "proto/stages.pb.h"

namespace gigahop::launch {

enum class StageState { kDone, kBegun, kNew };

class StageLog {
 public:
  /// Collective. An absent file is an empty log. `comm` must outlive it. While it lives no other `run` may use the
  /// workspace.
  StageLog(const comm::Communicator& comm, const std::filesystem::path& workspace);

  /// Collective: rank 0 looks, all ranks get its answer. `output` must exist for kDone and kBegun.
  StageState state(const std::string& stage, uint64_t settings, uint64_t input,
                   const std::filesystem::path& output) const;

  /// Rank 0 records it on disk. Later stages are forgotten when a stage begins or goes on.
  void begin(const std::string& stage, uint64_t settings, uint64_t input);
  void finish(const std::string& stage);

 private:
  StageState look(const std::string& stage, uint64_t settings, uint64_t input,
                  const std::filesystem::path& output) const;
  void save() const;
  int find(const std::string& stage) const;

  std::filesystem::path path_;
  std::unique_ptr<FolderLock> lock_;  // rank 0 alone
  proto::Stages stages_;
  const comm::Communicator& comm_;
};

}  // namespace gigahop::launch
