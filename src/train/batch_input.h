/// A mini-batch as the model of a device sees it.
#pragma once

#include <span>

#include "model/model_input.h"
#include "sampler/mini_batch.h"

namespace gigahop::train {

template <class Device>
struct BatchInput {
  model::ModelInput<Device> model;
  VectorView<const int32_t, Device> labels;
};

/// Brings batches to the device, one after another.
template <class Device>
class BatchInputs;

/// On the CPU: views of the batch.
template <>
class BatchInputs<Cpu> {
 public:
  explicit BatchInputs(Cpu&) {}

  /// The batch stays where it is until the model is done with it. num_seeds_all: as in ModelInput.
  BatchInput<Cpu> bring(const sampler::MiniBatch& batch, int64_t num_seeds_all) {
    return {.model = {.seed_ids = view(batch.seed_ids),
                      .positional = batch.positional.view(),
                      .sample_offsets = view(batch.sample_offsets),
                      .sample_nodes = view(batch.sample_nodes),
                      .sample_counts = view(batch.sample_counts),
                      .node_ids = view(batch.node_ids),
                      .tokens = batch.tokens.view(),
                      .host_sample_offsets = batch.sample_offsets,
                      .num_seeds_all = num_seeds_all},
            .labels = view(batch.labels)};
  }

 private:
  template <class T>
  static VectorView<const T, Cpu> view(const std::vector<T>& values) {
    return {values.data(), static_cast<int64_t>(values.size())};
  }
};

}  // namespace gigahop::train
