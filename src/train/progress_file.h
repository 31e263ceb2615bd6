/// RUN/progress.textproto: where the epoch under way is, for those who follow a run from outside.
///
/// A thread of its own writes it, so that training does not wait for the disk; a disk that refuses it is let be, as the
/// metrics say so. A process that is killed leaves its last one behind, which the next removes.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "proto/metrics.pb.h"

namespace gigahop::train {

inline constexpr char kProgressFile[] = "progress.textproto";

class ProgressFile {
 public:
  /// Removes what an earlier process left. every_seconds: at the least, between two writes.
  explicit ProgressFile(const std::filesystem::path& run_folder, double every_seconds = 2);
  /// Removes the file.
  ~ProgressFile();
  ProgressFile(const ProgressFile&) = delete;
  ProgressFile& operator=(const ProgressFile&) = delete;

  /// From now on this is what the file is to say; it says the newest of what was told.
  void tell(proto::RunProgress progress);

 private:
  void write_on(const std::stop_token& stop);
  void remove() const;

  std::filesystem::path path_;
  double every_seconds_;
  std::mutex mutex_;
  std::condition_variable_any is_told_;
  std::optional<proto::RunProgress> news_;  // not written yet
  std::jthread writer_;
};

/// Nothing where no process trains; nor where the file cannot be read, as while it is replaced.
std::optional<proto::RunProgress> read_progress(const std::filesystem::path& run_folder);

}  // namespace gigahop::train
