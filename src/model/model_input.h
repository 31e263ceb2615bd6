/// One rank's batch as the model sees it, and what a step is to its layers.
#pragma once

#include <cstdint>
#include <span>

#include "base/ids.h"
#include "base/random.h"
#include "ops/dropout.h"
#include "tensor/arguments.h"

namespace gigahop::model {

/// sampler::MiniBatch describes the ragged lists. The first entry of a list is the seed itself.
template <class Device>
struct ModelInput {
  VectorView<const OriginalId, Device> seed_ids;      // [B]
  MatrixView<const Real<Device>, Device> positional;  // [B, G]
  VectorView<const int32_t, Device> sample_offsets;   // [B + 1]
  VectorView<const int32_t, Device> sample_nodes;     // [S]
  VectorView<const int32_t, Device> sample_counts;    // [S]
  VectorView<const OriginalId, Device> node_ids;      // [U]
  MatrixView<const Real<Device>, Device> tokens;      // [3 U, F]
  std::span<const int32_t> host_sample_offsets = {};  // the sample offsets in host memory
  int64_t num_seeds_all = 0;                          // of all ranks; 0 where it is not known: training then asks them
};

/// Training draws dropout masks of this step and uses batch statistics; evaluation does neither.
enum class Mode { kTrain, kEvaluate };

/// What decides the masks of a step.
struct StepContext {
  RandomKey key;
  Mode mode = Mode::kEvaluate;
  uint64_t step = 0;
  int64_t num_seeds_all = 0;  // B over all ranks, in train mode

  ops::Dropout dropout(Purpose purpose, double probability) const {
    return {.key = key, .purpose = purpose, .step = step, .probability = mode == Mode::kTrain ? probability : 0.0};
  }
};

}  // namespace gigahop::model
