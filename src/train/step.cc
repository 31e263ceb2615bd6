#include "train/step.h"

#include <cmath>
#include <optional>

#include "base/error.h"
#include "comm/device_collectives.h"

namespace gigahop::train {

template <class Device>
StepOutput Step<Device>::run(DeviceBatches<Device>& batches, const StepInput& input) {
  // Sample and fetch: done by the pipeline, while earlier steps computed.
  const std::optional<BatchInput<Device>> batch = batches.next();
  require(batch.has_value(), "the pipeline holds a batch for every step");
  // A mean over no seeds has no gradient: nothing moves, the moments of Adam neither.
  if (input.num_seeds_all == 0) return {};
  queue(*batch, input);
  batches.prepare();
  return finish();
}

template <class Device>
StepOutput Step<Device>::run(const BatchInput<Device>& batch, const StepInput& input) {
  if (input.num_seeds_all == 0) return {};
  queue(batch, input);
  return finish();
}

template <class Device>
void Step<Device>::queue(const BatchInput<Device>& batch, const StepInput& input) {
  Results* const results = results_.on_device();
  model::ModelInput<Device> seeds = batch.model;
  seeds.num_seeds_all = input.num_seeds_all;

  std::optional<TimedPiece> piece;
  piece.emplace("forward", seconds_.forward);
  const auto logits = model_.forward(seeds, model::Mode::kTrain, input.step);

  logits_gradient_.resize(logits.rows, logits.cols);
  model_.loss(logits, batch.labels, input.num_seeds_all, logits_gradient_, {&results->loss, 1});

  piece.emplace("codebook", seconds_.update);
  const VectorView<float, Device> codebook_sums = assignments_.collect(model_, batch.seeds);

  // What the ranks sum is under way while the rest of the backward pass is computed.
  piece.emplace("backward", seconds_.backward);
  model_.backward(
      logits_gradient_, [this](VectorView<float, Device> final) { gradient_sync_.start(final); },
      [&] { gradient_sync_.start(codebook_sums, "codebook"); });

  piece.emplace("synchronise", seconds_.synchronise);
  gradient_sync_.finish();

  piece.emplace("update", seconds_.update);
  optimizer_.update(input.step, input.learning_rate, model_.parameters().gradients(), model_.parameters().values(),
                    {&results->gradient_square_sum, 1});
  assignments_.move(model_, batch.seeds);
  results_.queue_read(model_.device());
}

template <class Device>
StepOutput Step<Device>::finish() {
  comm::finish_queued(model_.device(), comm_);
  const Results& results = results_.value();
  results.loss.check();
  return {.loss_sum = results.loss.loss_sum,
          .num_correct = static_cast<int64_t>(results.loss.num_correct),
          .gradient_norm = std::sqrt(results.gradient_square_sum)};
}

#define GIGAHOP_INSTANTIATE(Device) template class Step<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
