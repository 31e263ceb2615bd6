/// `gigahop inspect`: what a folder holds, and with --verify whether it holds what it promises.
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "dataset/verify.h"
#include "graph/dataset_folder.h"
#include "graph/partition_folder.h"
#include "launch/command.h"
#include "launch/stages.h"
#include "partition/verify.h"
#include "train/checkpoint_folder.h"
#include "train/checkpoint_reader.h"
#include "train/launch_record.h"
#include "train/metrics_log.h"
#include "train/report_line.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

enum class Depth { kDescribe, kVerify };

void inspect_dataset(const fs::path& folder, Depth depth) {
  const proto::Dataset manifest = graph::DatasetFolder(folder).manifest();
  fmt::print("dataset {} ({}), made by: {}\n", folder.string(), manifest.name(), manifest.provenance());
  fmt::print("  {} nodes, {} edges{}, {} features, {} classes\n", with_commas(manifest.num_nodes()),
             with_commas(manifest.num_edges()), manifest.directed() ? ", directed" : "", manifest.feature_width(),
             manifest.num_classes());
  fmt::print("  {} train, {} valid, {} test\n", with_commas(manifest.num_train()), with_commas(manifest.num_valid()),
             with_commas(manifest.num_test()));
  if (depth == Depth::kDescribe) return;
  const dataset::DatasetFacts facts = dataset::verify_dataset(folder);
  fmt::print("  {} self-loops, {} isolated nodes, largest degree {}, {} unlabelled\n",
             with_commas(facts.num_self_loops), with_commas(facts.num_isolated), with_commas(facts.max_degree),
             with_commas(facts.num_unlabelled));
}

void inspect_partition(const fs::path& folder, Depth depth) {
  const proto::Partition manifest = graph::read_partition_manifest(folder);
  print_partition(manifest, folder);
  fmt::print("  {:>5} {:>12} {:>12} {:>14} {:>10}\n", "part", "owned", "halo", "entries", "train");
  for (int part = 0; part < manifest.parts_size(); ++part) {
    const proto::PartSummary& summary = manifest.parts(part);
    fmt::print("  {:>5} {:>12} {:>12} {:>14} {:>10}\n", part, with_commas(summary.num_owned()),
               with_commas(summary.num_halo()), with_commas(summary.num_edges()), with_commas(summary.num_train()));
  }
  for (const proto::TrainingForecast& forecast : manifest.forecast()) {
    fmt::print("  on {} ranks, the graph while training: {} per rank in memory, {} mapped\n", forecast.num_ranks(),
               human_bytes(static_cast<double>(forecast.structure_bytes())),
               human_bytes(static_cast<double>(forecast.mapped_bytes())));
  }
  if (depth == Depth::kVerify) partition::verify_partition(folder);
}

train::CheckpointReader open_checkpoint(const fs::path& folder, Depth depth) {
  using train::CheckpointReader;
  return CheckpointReader(folder,
                          depth == Depth::kVerify ? CheckpointReader::Check::kAll : CheckpointReader::Check::kManifest);
}

void describe(const train::CheckpointReader& checkpoint, const fs::path& folder) {
  const proto::Checkpoint& manifest = checkpoint.manifest();
  fmt::print("checkpoint {}: step {}, epoch {}, written by {} ranks with gigahop {}\n", folder.string(),
             with_commas(manifest.step()), manifest.epoch(), manifest.num_ranks(), manifest.gigahop_version());
  fmt::print("  trained on {} nodes in {} parts, {} features, {} classes; {}\n", with_commas(manifest.num_nodes()),
             manifest.num_parts(), manifest.feature_width(), manifest.num_classes(),
             std::isnan(manifest.valid_accuracy())
                 ? "not evaluated"
                 : fmt::format("valid accuracy {:.2f} %", 100 * manifest.valid_accuracy()));
}

void inspect_checkpoint(const fs::path& folder, Depth depth) {
  const train::CheckpointReader checkpoint = open_checkpoint(folder, depth);
  describe(checkpoint, folder);
  const array::SafetensorsFile model = checkpoint.model();
  for (const auto& [name, tensor] : model.tensors()) {
    fmt::print("  {:<44} [{}]\n", name, fmt::join(tensor.shape, ", "));
  }
}

void inspect_run(const fs::path& folder, Depth depth) {
  const fs::path checkpoints = folder / train::kCheckpointsFolder;
  const std::vector<int64_t> steps = train::list_checkpoints(checkpoints, train::Completeness::kComplete);
  const std::optional<fs::path> best = train::best_checkpoint(folder);
  fmt::print("run {}: {} checkpoints; best: {}\n", folder.string(), steps.size(),
             best ? best->filename().string() : "none yet");
  const std::vector<proto::Metrics> lines = train::read_metrics(folder / train::kMetricsFile);
  const std::optional<proto::Launch> launch = train::read_launch(folder);
  if (!lines.empty()) fmt::print("{}\n", train::report_line(lines.back(), launch ? launch->num_epochs() : 0));
  for (const int64_t step : steps) {
    const fs::path checkpoint = checkpoints / train::checkpoint_name(step);
    describe(open_checkpoint(checkpoint, depth), checkpoint);
  }
}

void inspect(const fs::path& folder, Depth depth) {
  if (fs::exists(folder / graph::kDatasetManifest)) {
    inspect_dataset(folder, depth);
  } else if (fs::exists(folder / graph::kPartitionManifest)) {
    inspect_partition(folder, depth);
  } else if (fs::exists(folder / train::kCheckpointManifest)) {
    inspect_checkpoint(folder, depth);
  } else if (fs::exists(folder / train::kCheckpointsFolder)) {
    inspect_run(folder, depth);
  } else {
    throw data_error(
        folder.string(), "a dataset, partition, checkpoint or run folder", "none of their manifests",
        "name the folder that holds dataset.textproto, partition.textproto, checkpoint.textproto or checkpoints/");
  }
  if (depth == Depth::kVerify) fmt::print("verified: everything it promises holds\n");
}

}  // namespace

void add_inspect(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "inspect",
      "Describe a dataset, partition, checkpoint or run folder; --verify checks every invariant and checksum.\n"
      "Example:\n"
      "  gigahop inspect data/rmat17/partition --verify");
  const auto folder = std::make_shared<std::string>();
  const auto verify = std::make_shared<bool>(false);
  command->add_option("folder", *folder, "Folder to look at")->type_name("DIR")->required();
  command->add_flag("--verify", *verify, "Check every invariant and checksum");
  invocation.add(*command, {}, [=](Context& context) {
    comm::agree(context.comm, [&] {
      if (context.comm.rank() == 0) inspect(*folder, *verify ? Depth::kVerify : Depth::kDescribe);
    });
  });
}

}  // namespace gigahop::launch
