/// Which batch comes next in a run: training steps epoch by epoch, and the valid and test splits after the epochs that
/// are evaluated. One sequence, so that the pipeline works ahead across all of these borders.
///
/// Data order is a function of (epoch, step): a resumed run starts the sequence in the middle and sees the same
/// batches.
#pragma once

#include <cstdint>
#include <optional>

#include "graph/local_graph.h"
#include "proto/config.pb.h"
#include "sampler/loader.h"
#include "sampler/seed_plan.h"
#include "train/run_plan.h"

namespace gigahop::train {

/// The batches of training. `graph` outlives it.
sampler::SeedPlan plan_training(const graph::LocalGraph& graph, const proto::Config& config);
/// The batches of an evaluated split. `graph` outlives it.
sampler::SeedPlan plan_evaluation(const graph::LocalGraph& graph, const proto::Config& config, sampler::Split split);

class BatchFeed {
 public:
  /// kTraining: from the step after `steps_done`; kEpochEnd: from the evaluation after these, if the plan has one
  /// there.
  enum class From { kTraining, kEpochEnd };
  /// `graph` outlives it.
  BatchFeed(const graph::LocalGraph& graph, const proto::Config& config, const RunPlan& plan, int64_t steps_done,
            From from = From::kTraining);

  int64_t num_valid_batches() const { return valid_.num_steps(); }
  int64_t num_test_batches() const { return test_.num_steps(); }

  /// This rank's share of the next batch; the same (epoch, step, salt) on all ranks. Nothing after the last.
  std::optional<sampler::BatchRequest> next();

 private:
  enum class Phase { kTrain, kValid, kTest, kEnd };
  std::optional<sampler::BatchRequest> next_of_evaluation(sampler::SeedPlan& split, Phase following);
  sampler::BatchRequest next_of_training();
  Phase after_training() const;
  Phase before_training() const;

  RunPlan plan_;
  int64_t resample_every_epochs_;
  sampler::SeedPlan train_;
  sampler::SeedPlan valid_;
  sampler::SeedPlan test_;
  Phase phase_;
  int64_t steps_done_;
  int64_t evaluation_step_ = 0;
};

}  // namespace gigahop::train
