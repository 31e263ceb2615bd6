#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "graph/partition_folder.h"
#include "launch/stages.h"
#include "train/memory.h"
#include "train/trainer.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

void print_forecast(const Context& context, const fs::path& partition, const fs::path& run) {
  if (!fs::exists(partition / graph::kPartitionManifest)) {
    fmt::print("train {}: memory per rank is told once {} is there\n", run.string(), partition.string());
    return;
  }
  const proto::Partition manifest = graph::read_partition_manifest(partition);
  const train::GraphShare share =
      train::largest_share(context.config, manifest, rank_of_parts(context, partition), context.comm.size());
  const train::TrainingMemory memory = train::forecast_training(context.config, share, context.config.threads());
  fmt::print("train {}: at most {} per rank, of which\n{}", run.string(),
             human_bytes(static_cast<double>(memory.total_bytes())), memory.describe());
}

}  // namespace

void train_model(Context& context, const fs::path& partition, const fs::path& run, const TrainOptions& options) {
  const bool speaks = context.comm.rank() == 0;
  context.config.set_threads(context.num_threads());
  if (context.dry_run) {
    if (speaks) print_forecast(context, partition, run);
    return;
  }
  train::TrainOptions start;
  start.start = options.resume ? train::Start::kResume : train::Start::kFresh;
  start.init_from = options.init_from;
  const train::TrainResult result =
      train::train(context.comm, context.config, partition, rank_of_parts(context, partition), run, start);
  if (!speaks) return;
  fmt::print("trained {}: {} epochs, {} steps in {:.1f} s", run.string(), result.epoch, with_commas(result.step),
             result.seconds);
  if (!std::isnan(result.best_valid_accuracy)) {
    fmt::print("; best valid accuracy {:.2f} %, test accuracy there {:.2f} %", 100 * result.best_valid_accuracy,
               100 * result.best_test_accuracy);
  }
  fmt::print("\n");
}

}  // namespace gigahop::launch
