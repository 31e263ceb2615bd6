#include "train/batch_feed.h"

namespace gigahop::train {

sampler::SeedPlan plan_training(const graph::LocalGraph& graph, const proto::Config& config) {
  return {graph,
          sampler::Split::kTrain,
          graph.partition().num_train(),
          config.train().batch_size(),
          sampler::SeedOrder::kShuffled,
          RandomKey{config.seed()}};
}

sampler::SeedPlan plan_evaluation(const graph::LocalGraph& graph, const proto::Config& config, sampler::Split split) {
  const proto::Partition& partition = graph.partition();
  const int64_t num_seeds = split == sampler::Split::kValid ? partition.num_valid() : partition.num_test();
  return {graph,
          split,
          num_seeds,
          config.train().evaluation_batch_size(),
          sampler::SeedOrder::kAscending,
          RandomKey{config.seed()}};
}

BatchFeed::BatchFeed(const graph::LocalGraph& graph, const proto::Config& config, const RunPlan& plan,
                     int64_t steps_done, From from)
    : plan_(plan),
      resample_every_epochs_(config.sampler().resample_every_epochs()),
      train_(plan_training(graph, config)),
      valid_(plan_evaluation(graph, config, sampler::Split::kValid)),
      test_(plan_evaluation(graph, config, sampler::Split::kTest)),
      phase_(plan.num_epochs == 0 ? Phase::kValid : Phase::kTrain),
      steps_done_(steps_done) {
  if (phase_ == Phase::kTrain) phase_ = from == From::kEpochEnd ? after_training() : before_training();
}

std::optional<sampler::BatchRequest> BatchFeed::next() {
  while (phase_ != Phase::kEnd) {
    if (phase_ == Phase::kTrain) return next_of_training();
    const bool is_valid = phase_ == Phase::kValid;
    auto request = next_of_evaluation(is_valid ? valid_ : test_, is_valid ? Phase::kTest : before_training());
    if (request.has_value()) return request;
  }
  return std::nullopt;
}

sampler::BatchRequest BatchFeed::next_of_training() {
  const int64_t epoch = steps_done_ / plan_.steps_per_epoch;
  const int64_t step = steps_done_ % plan_.steps_per_epoch;
  ++steps_done_;
  phase_ = after_training();
  return {.epoch = epoch,
          .step = step,
          .salt = sampler::salt_of_epoch(epoch, resample_every_epochs_),
          .seeds = train_.seeds(epoch, step)};
}

/// Moves on to the following phase where the split is at its end.
std::optional<sampler::BatchRequest> BatchFeed::next_of_evaluation(sampler::SeedPlan& split, Phase following) {
  if (evaluation_step_ == split.num_steps()) {
    evaluation_step_ = 0;
    phase_ = following;
    return std::nullopt;
  }
  const int64_t step = evaluation_step_++;
  return sampler::BatchRequest{
      .epoch = 0, .step = step, .salt = sampler::kEvaluationSalt, .seeds = split.seeds(0, step)};
}

BatchFeed::Phase BatchFeed::before_training() const {
  return steps_done_ < plan_.num_steps() ? Phase::kTrain : Phase::kEnd;
}

BatchFeed::Phase BatchFeed::after_training() const {
  const bool epoch_ends = steps_done_ % plan_.steps_per_epoch == 0;
  const bool evaluates = epoch_ends && plan_.evaluates_after(steps_done_ / plan_.steps_per_epoch);
  return evaluates ? Phase::kValid : before_training();
}

}  // namespace gigahop::train
