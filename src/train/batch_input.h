/// A mini-batch as the model of a device sees it.
#pragma once

#include "model/model_input.h"
#include "sampler/mini_batch.h"

namespace gigahop::train {

template <class Device>
class BatchInput;

/// On the CPU: views of the batch, which stays where it is until the model is done with it.
template <>
class BatchInput<Cpu> {
 public:
  explicit BatchInput(const sampler::MiniBatch& batch)
      : model_{.seed_ids = view(batch.seed_ids),
               .positional = batch.positional.view(),
               .sample_offsets = view(batch.sample_offsets),
               .sample_nodes = view(batch.sample_nodes),
               .sample_counts = view(batch.sample_counts),
               .node_ids = view(batch.node_ids),
               .tokens = batch.tokens.view()},
        labels_(view(batch.labels)) {}

  const model::ModelInput<Cpu>& model() const { return model_; }
  VectorView<const int32_t, Cpu> labels() const { return labels_; }

 private:
  template <class T>
  static VectorView<const T, Cpu> view(const std::vector<T>& values) {
    return {values.data(), static_cast<int64_t>(values.size())};
  }

  model::ModelInput<Cpu> model_;
  VectorView<const int32_t, Cpu> labels_;
};

}  // namespace gigahop::train
