/// Training: from encoded shards and settings to a run folder with checkpoints and metrics.
///
///   RUN/config.textproto  launch.textproto  metrics.jsonl  events.out.tfevents.*  confusion-step-*.npy
///       best  checkpoints/step-*/  lock  progress.textproto
///
/// The result does not depend on the number of ranks beyond rounding; a run that is resumed with the same ranks and
/// threads gives the same bits as one that was never interrupted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "comm/communicator.h"
#include "proto/config.pb.h"
#include "train/memory_plan.h"

namespace gigahop::train {

enum class Start { kFresh, kResume };
enum class Output { kShown, kQuiet };

struct TrainOptions {
  /// kResume goes on from the newest whole checkpoint of the run folder, or starts afresh if there is none; kFresh
  /// refuses a run folder with checkpoints.
  Start start = Start::kFresh;
  /// A model.safetensors whose weights a fresh run starts from; empty: initial values by the seed.
  std::filesystem::path init_from = {};
  /// Where the timeline of all ranks goes (train/trace_file.h); empty: nowhere.
  std::filesystem::path trace = {};
  /// What was forecast, to be kept beside what is taken.
  std::optional<MemoryPlan> forecast = std::nullopt;
  /// kQuiet: no epoch lines on stdout and no progress bar.
  Output output = Output::kShown;
  /// Called on every rank after each step with the steps done and the mean loss over all ranks' seeds.
  std::function<void(int64_t step, double loss)> on_step = nullptr;
  /// Asked on every rank once training begins, between steps, and between the batches of an evaluation; true on any
  /// rank ends the run.
  std::function<bool()> is_stop_wanted = nullptr;
};

struct TrainResult {
  int64_t step = 0;  // steps done in all
  int64_t epoch = 0;
  double last_loss = 0;            // mean over the last whole epoch; NaN before one
  double best_valid_accuracy = 0;  // NaN before an evaluation
  double best_test_accuracy = 0;   // at the best valid accuracy
  double seconds = 0;              // of this call
  bool is_stopped = false;         // told to stop before its end; a checkpoint has its last step
};

/// Trains, or goes on training, until the last epoch, max_steps or max_seconds, or until a rank is told to stop.
///
/// rank_of_part [P]: the same on all ranks; every rank owns a part.
/// Stop    The step under way is the last. An evaluation is broken off, and made by the run that resumes.
/// Errors  Error{kConfig} for fewer parts than ranks, or a resumed run whose seed or batch size changed;
///         Error{kData} for shards that are not encoded, a checkpoint of another graph, partition, model or version,
///         damaged checkpoints alone, weights that do not fit, a fresh run over an old one, a run folder that another
///         process writes into.
/// Collective.
TrainResult train(const comm::Communicator& comm, const proto::Config& config,
                  const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                  const std::filesystem::path& run_folder, const TrainOptions& options);

}  // namespace gigahop::train
