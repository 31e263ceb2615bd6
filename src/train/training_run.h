/// The state of a training run and its loop; train/trainer.h is the way in.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/folder_lock.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "model/large_gt.h"
#include "proto/checkpoint.pb.h"
#include "proto/metrics.pb.h"
#include "train/assignments.h"
#include "train/batch_stream.h"
#include "train/checkpoint_writer.h"
#include "train/device_batches.h"
#include "train/epoch_timer.h"
#include "train/epoch_view.h"
#include "train/metrics_log.h"
#include "train/optimizer.h"
#include "train/run_plan.h"
#include "train/run_progress.h"
#include "train/step.h"
#include "train/trace_file.h"
#include "train/traffic_report.h"
#include "train/trainer.h"

namespace gigahop::train {

template <class Device>
class TrainingRun {
 public:
  /// device outlives this. Collective, like all that follows.
  TrainingRun(Device& device, const comm::Communicator& comm, const proto::Config& config,
              const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
              std::filesystem::path run_folder, const TrainOptions& options);

  TrainResult run();

 private:
  enum class Ending { kGoesOn, kOutOfTime, kStopped };

  void start_from(const std::optional<std::filesystem::path>& checkpoint);
  void restore(const std::filesystem::path& checkpoint);
  void load_weights(const std::filesystem::path& path);
  void open_checkpoints(int64_t last_step);
  void open_log(int64_t last_step);
  bool is_summed_up() const;
  void feed_batches(const RunPlan& plan);

  bool is_stop_wanted() const;
  bool is_at_end() const;
  void train();
  void train_epochs();
  void require_saved() const;
  /// Whether some rank was told to stop.
  bool train_step(const EpochTimer& timer);
  Ending train_epoch();
  Ending end_epoch(const EpochTimer& timer, bool is_told_to_stop);
  Ending ask_clock() const;
  bool evaluate_splits(proto::Metrics& metrics);
  void evaluate_untrained();
  void log_histograms();
  void report(const proto::Metrics& metrics);
  proto::Metrics summary();
  void save();
  void finish_checkpoint();

  double learning_rate_of(int64_t step) const;
  TrainResult result() const;

  const comm::Communicator& comm_;
  proto::Config config_;
  std::filesystem::path run_folder_;
  const TrainOptions& options_;
  std::chrono::steady_clock::time_point began_;

  TrafficReport traffic_;
  Device& device_;
  graph::LocalGraph graph_;
  RunPlan plan_;
  BatchStream<Device> stream_;
  model::LargeGt<Device> model_;
  Optimizer<Device> optimizer_;
  Assignments<Device> assignments_;
  Step<Device> step_;

  proto::Checkpoint progress_;
  Best written_best_;         // the best whose checkpoint exists
  bool is_saved_ = true;      // the checkpoint that was last begun
  bool is_stopped_ = false;   // told to, before its end
  int64_t seeds_before_ = 0;  // of the epoch under way, trained on before this process took it up

  std::unique_ptr<FolderLock> lock_;  // rank 0 alone
  std::optional<CheckpointWriter> writer_;
  std::optional<MetricsLog> log_;  // rank 0 alone
  std::optional<EpochView> view_;  // rank 0 alone, while it trains
};

}  // namespace gigahop::train
