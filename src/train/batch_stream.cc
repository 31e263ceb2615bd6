#include "train/batch_stream.h"

#include "train/setup.h"

namespace gigahop::train {

BatchStream::BatchStream(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config,
                         const RunPlan& plan)
    : graph_(graph),
      config_(config),
      plan_(plan),
      loader_(graph, comm.duplicate(), loader_options(config, num_threads(config))) {}

void BatchStream::begin(const RunPlan& plan, int64_t steps_done, BatchFeed::From from) {
  pipeline_.reset();
  feed_.emplace(graph_, config_, plan, steps_done, from);
  pipeline_.emplace(
      loader_, [this] { return next_request(); }, config_.sampler().batches_ahead());
}

/// Called by the pipeline's thread, which alone uses the loader.
std::optional<sampler::BatchRequest> BatchStream::next_request() {
  const std::optional<sampler::BatchRequest> request = feed_->next();
  if (request.has_value() && request->salt != sampler::kEvaluationSalt) fill_cache(*request);
  return request;
}

/// For what the training steps of the epoch of this request want.
void BatchStream::fill_cache(const sampler::BatchRequest& first) {
  RunPlan one_epoch = plan_;
  one_epoch.num_epochs = first.epoch + 1;
  one_epoch.max_steps = 0;
  std::optional<BatchFeed> feed;  // made where it is asked for: at few of the steps
  loader_.fill_cache(first.salt, [&]() -> std::optional<sampler::BatchRequest> {
    if (!feed.has_value()) feed.emplace(graph_, config_, one_epoch, first.epoch * plan_.steps_per_epoch);
    auto request = feed->next();
    if (request.has_value() && request->salt == sampler::kEvaluationSalt) return std::nullopt;
    return request;
  });
}

}  // namespace gigahop::train
