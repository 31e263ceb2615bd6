#include "report/run_data.h"

#include <algorithm>
#include <bit>
#include <functional>

#include <fmt/format.h>

#include "array/npy.h"
#include "base/error.h"
#include "config/config.h"
#include "graph/partition_folder.h"
#include "train/checkpoint_folder.h"
#include "train/launch_record.h"
#include "train/metrics_log.h"
#include "train/progress_file.h"

namespace gigahop::report {
namespace fs = std::filesystem;
namespace {

void read_lines(const fs::path& file, RunData& run) {
  for (proto::Metrics& metrics : train::read_metrics(file)) {
    if (metrics.kind() == "summary") {
      run.summary = std::move(metrics);
    } else {
      run.lines.push_back(std::move(metrics));
    }
  }
}

std::vector<int64_t> count_degrees(const fs::path& folder, const proto::Partition& manifest) {
  std::vector<int64_t> nodes;
  for (int part = 0; part < manifest.num_parts(); ++part) {
    const array::NpyArray offsets(graph::part_folder(folder, part) / "row_offsets.npy");
    const std::span<const int64_t> values = offsets.values<int64_t>();
    for (size_t row = 0; row + 1 < values.size(); ++row) {
      const size_t place = degree_place(values[row + 1] - values[row]);
      if (place >= nodes.size()) nodes.resize(place + 1, 0);
      ++nodes[place];
    }
  }
  return nodes;
}

fs::path partition_of(const RunData& run, const fs::path& given) {
  if (!given.empty()) return given;
  return run.launch.has_value() ? fs::path(run.launch->partition_folder()) : fs::path();
}

bool is_run(const fs::path& folder) {
  for (const std::string_view file : {train::kMetricsFile, std::string_view(train::kLaunchFile),
                                      std::string_view("config.textproto"), train::kCheckpointsFolder}) {
    if (fs::exists(folder / file)) return true;
  }
  return false;
}

}  // namespace

size_t degree_place(int64_t degree) {
  return static_cast<size_t>(std::bit_width(static_cast<uint64_t>(std::max<int64_t>(degree, 0))));
}

std::string degree_name(size_t place) {
  if (place < 2) return std::to_string(place);
  return fmt::format("{}-{}", int64_t{1} << (place - 1), (int64_t{1} << place) - 1);
}

std::string RunData::class_name(int64_t class_id) const {
  if (partition.has_value() && class_id < partition->manifest.class_names_size()) {
    return partition->manifest.class_names(static_cast<int>(class_id));
  }
  return fmt::format("class {}", class_id);
}

RunData read_run(const fs::path& folder, const fs::path& partition_folder) {
  if (!is_run(folder)) {
    throw data_error(folder.string(), "a run folder", fs::exists(folder) ? "none of its files" : "nothing",
                     "name the folder given to train as --run");
  }
  RunData run;
  run.folder = folder;
  const fs::path path = fs::absolute(folder).lexically_normal();
  run.name = (path.has_filename() ? path : path.parent_path()).filename().string();
  const auto attempt = [&](const std::function<void()>& read) {
    try {
      read();
    } catch (const Error& error) {
      run.troubles.emplace_back(error.what());
    }
  };
  read_lines(folder / train::kMetricsFile, run);
  attempt([&] {
    if (fs::exists(folder / "config.textproto")) run.config = config::load_config(folder / "config.textproto");
  });
  attempt([&] { run.launch = train::read_launch(folder); });
  run.progress = train::read_progress(folder);
  attempt([&] { run.confusion = train::read_confusion(folder); });
  const fs::path partition = partition_of(run, partition_folder);
  if (partition.empty()) return run;
  attempt([&] { run.partition = PartitionData{partition, graph::read_partition_manifest(partition), {}}; });
  attempt([&] {
    if (run.partition) run.partition->nodes_by_degree = count_degrees(partition, run.partition->manifest);
  });
  return run;
}

}  // namespace gigahop::report
