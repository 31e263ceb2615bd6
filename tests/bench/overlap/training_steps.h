/// The steps of a training epoch, taken one at a time so that a benchmark can time and count what each does.
///
///   EpochBatches  the batches of epoch 0, loaded in line or by the pipeline
///   Training      a new model and what it takes to train it on them
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "proto/config.pb.h"
#include "sampler/pipeline.h"
#include "sampler/seed_plan.h"
#include "train/assignments.h"
#include "train/optimizer.h"
#include "train/step.h"

namespace gigahop::bench {

/// Parts are dealt out to the ranks in their order. Collective.
graph::LocalGraph open_parts(const comm::Communicator& comm, const std::filesystem::path& partition);

enum class Loading { kInLine, kPipeline };

class EpochBatches {
 public:
  /// Collective. All outlive the batches.
  EpochBatches(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config,
               Loading loading);

  /// Collective. The first fills the cache.
  sampler::MiniBatch next();
  int64_t num_steps() const { return plan_.num_steps(); }

 private:
  std::optional<sampler::BatchRequest> next_request();

  sampler::Loader loader_;
  sampler::SeedPlan plan_;
  sampler::SeedPlan dry_plan_;
  int64_t step_ = 0;
  int64_t dry_step_ = 0;
  std::optional<sampler::Pipeline> pipeline_;
};

class Training {
 public:
  /// Collective. All outlive the training.
  Training(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config);

  /// Trains on the batch of step `step` of `num_steps`. Returns the mean loss over the seeds of all ranks. Collective.
  double run(const sampler::MiniBatch& batch, int64_t step, int64_t num_steps);

 private:
  const comm::Communicator& comm_;
  const graph::LocalGraph& graph_;
  double learning_rate_;
  Cpu device_;
  model::LargeGt<Cpu> model_;
  train::Optimizer<Cpu> optimizer_;
  train::Assignments<Cpu> assignments_;
  train::Step<Cpu> step_;
};

}  // namespace gigahop::bench
