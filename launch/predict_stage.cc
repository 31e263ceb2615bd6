#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/trace.h"
#include "comm/agree.h"
#include "comm/lock_folder.h"
#include "graph/dataset_folder.h"
#include "graph/partition_folder.h"
#include "launch/output_place.h"
#include "launch/prediction_table.h"
#include "launch/stages.h"
#include "train/predictor.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

bool needs_dataset(const proto::PredictConfig& config) {
  return config.format() == proto::PredictConfig::CSV || config.misfiled() > 0;
}

void print_misfiled(const PredictionTable& table, const graph::DatasetFolder& dataset, int64_t count) {
  const std::vector<Misfiled> nodes = table.find_misfiled(count);
  if (nodes.empty()) return;
  fmt::print("\nThe {} nodes that the model would most confidently put into another class\n", nodes.size());
  fmt::print("  {:>11}  {:<20} {:<20} {}\n", "probability", "it says", "they have", "node");
  const graph::NodeNames names(dataset);
  for (const Misfiled& node : nodes) {
    fmt::print("  {:>10.1f}%  {:<20} {:<20} {}\n", 100 * node.probability,
               graph::class_name(dataset.manifest(), node.predicted), graph::class_name(dataset.manifest(), node.label),
               names.name_or_id(node.id));
  }
}

}  // namespace

graph::DatasetFolder open_dataset_of(const fs::path& partition, const fs::path& dataset) {
  if (dataset.empty()) {
    throw config_error("--dataset", "the dataset folder, for names and true classes", "none",
                       "predict.format: CSV and predict.misfiled need it");
  }
  graph::DatasetFolder folder(dataset);
  const uint64_t expected = graph::read_partition_manifest(partition).graph_fingerprint();
  if (folder.fingerprint() != expected) {
    throw data_error(dataset.string(), fmt::format("graph {:016x} of {}", expected, partition.string()),
                     fmt::format("{:016x}", folder.fingerprint()), "name the dataset that was partitioned");
  }
  return folder;
}

Completion predict_nodes(Context& context, const fs::path& partition, const fs::path& checkpoint,
                         const fs::path& output, const fs::path& dataset) {
  const trace::Span span("predict");
  const bool speaks = context.comm.rank() == 0;
  const proto::PredictConfig& settings = context.config.predict();
  std::optional<graph::DatasetFolder> names;
  comm::agree(context.comm, [&] {
    if (speaks) require_place_for_output(output);
    if (speaks && needs_dataset(settings)) names.emplace(open_dataset_of(partition, dataset));
  });
  if (context.dry_run) {
    if (speaks) fmt::print("predict {}: less memory per rank than training\n", output.string());
    return Completion::kLimited;
  }
  const std::vector<int32_t> rank_of_part = rank_of_parts(context, partition);
  const auto lock = comm::lock_folder(context.comm, output);
  const train::PredictResult result = context.let_stop([&](const auto& is_stop_wanted) {
    return train::predict(context.comm, context.config, partition, rank_of_part, checkpoint, output,
                          {.is_stop_wanted = is_stop_wanted});
  });
  if (result.is_stopped) {
    log_info("told to stop: nothing is predicted");
    context.exit_code = kExitTryAgain;
    return Completion::kStopped;
  }
  if (speaks) {
    fmt::print("predictions {}: {} nodes", output.string(), with_commas(result.num_nodes));
    if (result.num_labelled > 0) {
      fmt::print("; {:.2f} % of the {} labelled ones right", 100 * result.accuracy, with_commas(result.num_labelled));
    }
    fmt::print("\n");
  }
  comm::agree(context.comm, [&] {
    if (!names.has_value()) return;
    const PredictionTable table(output, *names);
    if (settings.format() == proto::PredictConfig::CSV) table.write_csv(output / train::kPredictionsTable);
    if (settings.misfiled() > 0) print_misfiled(table, *names, settings.misfiled());
  });
  return Completion::kComplete;
}

}  // namespace gigahop::launch
