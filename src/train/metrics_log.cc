#include "train/metrics_log.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace gigahop::train {
namespace {

constexpr std::string_view kSummary = "summary";

std::string json_line(const proto::Metrics& metrics) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(metrics, &text, options);
  require(status.ok(), "metrics print as JSON");
  return text + '\n';
}

}  // namespace

std::vector<proto::Metrics> read_metrics(const std::filesystem::path& file) {
  std::vector<proto::Metrics> all;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    proto::Metrics metrics;
    if (!google::protobuf::util::JsonStringToMessage(line, &metrics).ok()) break;
    all.push_back(std::move(metrics));
  }
  return all;
}

bool has_summary(const std::filesystem::path& run_folder, int64_t step) {
  const std::vector<proto::Metrics> all = read_metrics(run_folder / kMetricsFile);
  return !all.empty() && all.back().kind() == kSummary && all.back().step() == step;
}

MetricsLog::MetricsLog(const std::filesystem::path& run_folder, int64_t last_step)
    : path_(run_folder / kMetricsFile), events_(run_folder) {
  std::string kept;
  for (const proto::Metrics& metrics : read_metrics(path_)) {
    if (metrics.step() <= last_step && metrics.kind() != kSummary) kept += json_line(metrics);
  }
  write_text_file(path_, kept);
  lines_.open(path_, std::ios::app);
}

void MetricsLog::append(const proto::Metrics& metrics) {
  lines_.clear();
  lines_ << json_line(metrics) << std::flush;
  const bool is_point = metrics.kind() != kSummary;  // the summary repeats what the curves already show
  const bool recorded = !is_point || events_.append(metrics);
  complain(lines_.good() && recorded, fmt::format("metrics of step {} are lost", metrics.step()));
}

void MetricsLog::append_settings(const std::string& text) {
  complain(events_.append_text("settings", "```\n" + text + "```\n"), "the settings are not in TensorBoard's file");
}

void MetricsLog::append_histograms(int64_t step, const std::map<std::string, proto::TensorBoardHistogram>& histograms) {
  complain(events_.append_histograms(step, histograms), fmt::format("histograms of step {} are lost", step));
}

void MetricsLog::complain(bool is_written, std::string_view what) {
  if (is_written || complained_) return;
  complained_ = true;
  log_warning("{}: cannot write, {}; training goes on", path_.string(), what);
}

}  // namespace gigahop::train
