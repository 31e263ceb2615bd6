#include "train/step.h"

#include <optional>

#include "base/error.h"
#include "comm/device_collectives.h"
#include "train/devices.h"

namespace gigahop::train {

template <class Device>
StepOutput Step<Device>::run(sampler::Pipeline& pipeline, const StepInput& input) {
  // Sample and fetch: done by the pipeline, while earlier steps computed.
  const std::optional<sampler::MiniBatch> batch = pipeline.next();
  require(batch.has_value(), "the pipeline holds a batch for every step");
  return run(*batch, input);
}

template <class Device>
StepOutput Step<Device>::run(const sampler::MiniBatch& batch, const StepInput& input) {
  // A mean over no seeds has no gradient: nothing moves, the moments of Adam neither.
  if (input.num_seeds_all == 0) return {};
  const BatchInput<Device> seeds = inputs_.bring(batch, input.num_seeds_all);

  std::optional<TimedPiece> piece;
  piece.emplace("forward", seconds_.forward);
  const auto logits = model_.forward(seeds.model, model::Mode::kTrain, input.step);

  logits_gradient_.resize(logits.rows, logits.cols);
  const auto loss = model_.loss(logits, seeds.labels, input.num_seeds_all, logits_gradient_);

  piece.emplace("backward", seconds_.backward);
  model_.backward(logits_gradient_, [this](VectorView<float, Device> final) { gradient_sync_.start(final); });

  piece.emplace("synchronise", seconds_.synchronise);
  gradient_sync_.finish();
  comm::finish_queued(model_.device(), comm_);  // the norm of the gradients is read

  piece.emplace("update", seconds_.update);
  const double gradient_norm =
      optimizer_.update(input.step, input.learning_rate, model_.parameters().gradients(), model_.parameters().values());
  assignments_.update(model_, batch.seeds);

  return {.loss_sum = loss.loss_sum, .num_correct = loss.num_correct, .gradient_norm = gradient_norm};
}

#define GIGAHOP_INSTANTIATE(Device) template class Step<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
