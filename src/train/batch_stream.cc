#include "train/batch_stream.h"

#include "train/devices.h"
#include "train/setup.h"

namespace gigahop::train {

template <class Device>
BatchStream<Device>::BatchStream(Device& device, const comm::Communicator& comm, const graph::LocalGraph& graph,
                                 const proto::Config& config, const RunPlan& plan)
    : device_(device),
      graph_(graph),
      config_(config),
      plan_(plan),
      loader_(graph, comm.duplicate(), loader_options(config, num_threads(config))),
      rows_(device, comm, graph, loader_, config) {}

template <class Device>
void BatchStream<Device>::begin(const RunPlan& plan, int64_t steps_done, BatchFeed::From from) {
  batches_.reset();
  loader_.forget_cache();
  feed_.emplace(graph_, config_, plan, steps_done, from);
  batches_.emplace(
      device_, rows_, loader_, [this] { return next_request(); }, config_.sampler().batches_ahead());
}

/// Called by the pipeline's thread, which alone uses the loader.
template <class Device>
std::optional<sampler::BatchRequest> BatchStream<Device>::next_request() {
  const std::optional<sampler::BatchRequest> request = feed_->next();
  if (request.has_value() && request->salt != sampler::kEvaluationSalt) fill_cache(*request);
  return request;
}

/// For what the training steps of the epoch of this request want.
template <class Device>
void BatchStream<Device>::fill_cache(const sampler::BatchRequest& first) {
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

#define GIGAHOP_INSTANTIATE(Device) template class BatchStream<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
