/// Follows the metrics of a run from outside, over nothing but its folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "proto/metrics.pb.h"

namespace gigahop::report {

class RunFollower {
 public:
  /// The folder need not exist yet.
  explicit RunFollower(std::filesystem::path run_folder) : folder_(std::move(run_folder)) {}

  /// What has come since the last look.
  struct News {
    std::vector<proto::Metrics> lines;
    /// Lines told earlier are no more: the run was resumed from a checkpoint before them, or begun anew.
    bool is_taken_back = false;
    /// The last line of all is a summary.
    bool has_ended = false;
  };
  /// Reads metrics.jsonl from its beginning: it may have been replaced. A line that is still being written is not there
  /// yet.
  News look();

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::vector<std::string> told_;  // serialised
};

/// Seconds without news after which a run that reports every `usual_seconds` (0: not known) may be in trouble. Pure.
double long_silence(double usual_seconds);

}  // namespace gigahop::report
