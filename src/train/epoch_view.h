/// What shows of an epoch while it lasts, on rank 0: a bar on its terminal, and RUN/progress.textproto.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/progress.h"
#include "proto/checkpoint.pb.h"
#include "proto/metrics.pb.h"
#include "train/progress_file.h"
#include "train/run_plan.h"
#include "train/trainer.h"

namespace gigahop::train {

/// As a bar shows it. Pure.
ProgressState progress_state(const proto::RunProgress& progress);

class EpochView {
 public:
  /// kQuiet: no bar.
  EpochView(const std::filesystem::path& run_folder, Output output) : file_(run_folder), output_(output) {}

  /// progress: where the run takes the epoch up.
  void begin(const proto::Checkpoint& progress, const RunPlan& plan);
  /// One more step is done; tally: of the epoch so far. data_wait_share: of this rank.
  void step(const proto::EpochTally& tally, double data_wait_share);
  void evaluate();
  /// Of the epoch: the bar goes.
  void end() { bar_.reset(); }

 private:
  void tell();

  ProgressFile file_;
  Output output_;
  proto::RunProgress now_;
  std::chrono::steady_clock::time_point began_;
  std::optional<Progress> bar_;
};

}  // namespace gigahop::train
