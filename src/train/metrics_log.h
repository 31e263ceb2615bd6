/// What a run reports, kept for later: metrics.jsonl, one proto::Metrics in JSON a line, and TensorBoard's event file.
///
/// A resumed run drops the lines beyond its checkpoint, so that the file ends up with the lines of an uninterrupted
/// run. Written by rank 0 alone. A disk that refuses a line is reported once and training goes on.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/metrics.pb.h"
#include "train/event_file.h"

namespace gigahop::train {

inline constexpr std::string_view kMetricsFile = "metrics.jsonl";

/// The lines of a metrics.jsonl up to the first that is none, as a crash may leave it; empty without the file.
std::vector<proto::Metrics> read_metrics(const std::filesystem::path& file);

/// Whether the last line of the run's metrics.jsonl is the summary of a launch that ended with this step.
bool has_summary(const std::filesystem::path& run_folder, int64_t step);

class MetricsLog {
 public:
  /// Keeps the existing lines of steps <= last_step; -1 keeps none. Error{kData} if the folder cannot be written.
  MetricsLog(const std::filesystem::path& run_folder, int64_t last_step);

  void append(const proto::Metrics& metrics);
  /// For TensorBoard alone.
  void append_settings(const std::string& text);
  void append_histograms(int64_t step, const std::map<std::string, proto::TensorBoardHistogram>& histograms);

 private:
  void complain(bool is_written, std::string_view what);

  std::filesystem::path path_;
  std::ofstream lines_;
  EventFile events_;
  bool complained_ = false;
};

}  // namespace gigahop::train
