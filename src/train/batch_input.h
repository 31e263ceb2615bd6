/// A mini-batch as the model of a device sees it.
#pragma once

#include <utility>
#include <vector>

#include "model/model_input.h"
#include "sampler/mini_batch.h"
#include "train/token_rows.h"

namespace gigahop::train {

template <class Device>
struct BatchInput {
  model::ModelInput<Device> model;
  VectorView<const int32_t, Device> labels;  // [B]
  VectorView<const LocalId, Device> seeds;   // [B]
};

/// Views of a batch, which stays where it is until the model is done with it.
inline BatchInput<Cpu> views_of(const sampler::MiniBatch& batch) {
  const auto view = []<class T>(const std::vector<T>& values) {
    return VectorView<const T, Cpu>(values.data(), static_cast<int64_t>(values.size()));
  };
  return {.model = {.seed_ids = view(batch.seed_ids),
                    .positional = batch.positional.view(),
                    .sample_offsets = view(batch.sample_offsets),
                    .sample_nodes = view(batch.sample_nodes),
                    .sample_counts = view(batch.sample_counts),
                    .node_ids = view(batch.node_ids),
                    .tokens = batch.tokens.view(),
                    .host_sample_offsets = batch.sample_offsets},
          .labels = view(batch.labels),
          .seeds = view(batch.seeds)};
}

/// Brings batches to the device, one after another: each is sent, then received.
template <class Device>
class BatchInputs;

/// On the CPU nothing travels.
template <>
class BatchInputs<Cpu> {
 public:
  /// How many batches are sent before the one that the device works on is done.
  int num_ahead() const { return 0; }

  BatchInputs(Cpu&, TokenRows<Cpu>&) {}

  void send(sampler::MiniBatch batch) { batch_ = std::move(batch); }
  BatchInput<Cpu> receive() const { return views_of(batch_); }
  const sampler::MiniBatch& batch() const { return batch_; }
  /// The memory of a batch that is no longer needed.
  void release() { batch_ = {}; }

 private:
  sampler::MiniBatch batch_;
};

}  // namespace gigahop::train
