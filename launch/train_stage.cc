#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/trace.h"
#include "comm/agree.h"
#include "graph/partition_folder.h"
#include "launch/output_place.h"
#include "launch/stages.h"
#include "train/memory_plan.h"
#include "train/trainer.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

/// What to do about a training that needs too much: a smaller batch, if one fits.
std::string memory_hint(const train::MemoryPlan& plan) {
  if (plan.largest_batch_size == 0) return std::string(Context::kMemoryHint);
  return fmt::format("set train.batch_size to {} or less, and train.evaluation_batch_size too; or use more hosts",
                     plan.largest_batch_size);
}

void print_memory(const train::MemoryPlan& plan, const fs::path& run) {
  fmt::print("train {}: {} {} per rank{}, of which\n{}", run.string(), plan.is_drawn ? "about" : "at most",
             human_bytes(static_cast<double>(plan.memory.total_bytes())),
             plan.is_drawn ? "" : " (a bound: encoded shards tell more)", plan.memory.describe());
}

Completion completion_of(const train::TrainResult& result, const proto::TrainConfig& config) {
  if (result.is_stopped) return Completion::kStopped;
  return result.epoch >= config.epochs() ? Completion::kComplete : Completion::kLimited;
}

}  // namespace

Completion train_model(Context& context, const fs::path& partition, const fs::path& run, const TrainOptions& options) {
  const trace::Span span("train");
  const bool speaks = context.comm.rank() == 0;
  context.config.set_threads(context.num_threads);
  comm::agree(context.comm, [&] {
    if (speaks) require_place_for_output(run);
  });
  if (context.dry_run && !fs::exists(partition / graph::kPartitionManifest)) {
    if (speaks) print_unknown_yet("train", run, partition);
    return Completion::kLimited;
  }
  const std::vector<int32_t> rank_of_part = rank_of_parts(context, partition);
  const train::AvailableMemory available = {.host_bytes = context.available_memory_bytes(),
                                            .device_bytes = train::free_device_memory(context.comm, context.config)};
  const train::MemoryPlan plan =
      train::plan_memory(context.comm, context.config, partition, rank_of_part, available,
                         context.dry_run ? train::Drawing::kAlways : train::Drawing::kIfNeeded,
                         options.trace.empty() ? train::Timeline::kNone : train::Timeline::kRecorded);
  if (context.dry_run && speaks) print_memory(plan, run);
  context.require_memory("train", plan.memory.total_bytes(), memory_hint(plan));
  train::require_device_memory(context.comm, plan, available.device_bytes);
  if (context.dry_run) return Completion::kLimited;
  train::TrainOptions start;
  start.start = options.resume ? train::Start::kResume : train::Start::kFresh;
  start.init_from = options.init_from;
  start.trace = options.trace;
  start.forecast = plan;
  const train::TrainResult result = context.let_stop([&](const auto& is_stop_wanted) {
    start.is_stop_wanted = is_stop_wanted;
    return train::train(context.comm, context.config, partition, rank_of_part, run, start);
  });
  const Completion completion = completion_of(result, context.config.train());
  if (completion == Completion::kStopped) context.exit_code = kExitTryAgain;
  if (!speaks) return completion;
  fmt::print("trained {}: {} epochs, {} steps in {:.1f} s", run.string(), result.epoch, with_commas(result.step),
             result.seconds);
  if (!std::isnan(result.best_valid_accuracy)) {
    fmt::print("; best valid accuracy {:.2f} %, test accuracy there {:.2f} %", 100 * result.best_valid_accuracy,
               100 * result.best_test_accuracy);
  }
  fmt::print("\n");
  if (completion == Completion::kLimited) {
    fmt::print("  of {} epochs: a limit of steps or seconds ended it; resume to go on\n",
               context.config.train().epochs());
  }
  if (completion == Completion::kStopped) {
    fmt::print("  of {} epochs: told to stop; resume to go on\n", context.config.train().epochs());
  }
  return completion;
}

}  // namespace gigahop::launch
