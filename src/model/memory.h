/// What a model will need, before it is made: for --dry-run and for refusing what cannot fit.
#pragma once

#include <cstdint>

#include "model/model_shape.h"
#include "tensor/cpu.h"

namespace gigahop::model {

/// The largest batches that a rank expects. num_seeds and sample_size: of training and evaluation.
struct BatchBound {
  int64_t num_seeds = 0;             // B
  int64_t sample_size = 1;           // K
  int64_t num_nodes = 0;             // U <= min(B K, nodes of the graph), of training
  int64_t num_evaluation_nodes = 0;  // likewise: these have no gradients
  int64_t num_threads = 1;
  Precision precision = Precision::kFloat32;
};

/// Bytes on one rank of a model that trains. Not in it: the batch itself and the optimiser's moments.
struct ModelMemory {
  int64_t parameters_bytes = 0;  // values and gradients
  int64_t tokens_bytes = 0;      // rows of distinct tokens, forward and backward
  int64_t seeds_bytes = 0;       // rows of seeds, forward and backward
  int64_t codebook_bytes = 0;
  int64_t scratch_bytes = 0;  // what operations use while they run, at most

  int64_t total_bytes() const { return parameters_bytes + tokens_bytes + seeds_bytes + codebook_bytes + scratch_bytes; }
};

/// Pure.
ModelMemory forecast_memory(const ModelShape& shape, const BatchBound& batch);

}  // namespace gigahop::model
