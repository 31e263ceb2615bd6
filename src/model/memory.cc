#include "model/memory.h"

#include <algorithm>

#include "model/architecture.h"

namespace gigahop::model {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);

/// Blocks of seeds in ops/local_encoder.h, and scores of a block in ops/global_attention.h.
constexpr int64_t kBlockBytes = int64_t{128} << 20;

/// Columns of one distinct token's rows.
int64_t token_columns(const ModelShape& shape) {
  const int64_t branch = 5 * shape.hidden_width;                           // hidden, e0, e and two gradients
  const int64_t local = shape.hidden_width + 8 * shape.attention_width();  // u; q, k, v, residual and their gradients
  return branch + local;
}

/// Columns of one seed's rows.
int64_t seed_columns(const ModelShape& shape) {
  const int64_t hidden = shape.hidden_width;
  const int64_t width = shape.attention_width();
  int64_t columns = 2 * shape.head_input_width() + 3 * (width + hidden) + shape.num_classes;
  if (shape.has_seed_branch()) columns += shape.feature_width + 3 * hidden + 1;
  // h and its gradient; g, its normalised copy and half a gradient; queries and their gradient; the code
  if (shape.has_global()) columns += 2 * hidden + 5 * shape.positional_width + 2 * width + 1;
  return columns;
}

/// One seed of the encoder's backward: rows of its tokens and two score matrices per head.
int64_t encoder_seed_bytes(const ModelShape& shape, int64_t sample_size) {
  const int64_t num_tokens = 3 * sample_size;
  return kFloatBytes * num_tokens * (12 * shape.attention_width() + 2 * shape.num_heads * num_tokens);
}

}  // namespace

ModelMemory forecast_memory(const ModelShape& shape, const BatchBound& batch) {
  ModelMemory memory;
  for (const ParameterSpec& spec : parameter_specs(shape)) memory.parameters_bytes += 2 * kFloatBytes * spec.size();
  memory.seeds_bytes = kFloatBytes * batch.num_seeds * seed_columns(shape);
  if (shape.has_local()) {
    memory.tokens_bytes = kFloatBytes * 3 * batch.num_nodes * token_columns(shape);
    memory.scratch_bytes = std::max(kBlockBytes, encoder_seed_bytes(shape, batch.sample_size));
  }
  if (shape.has_global()) {
    // Codewords, sums, embedding, step; sizes and both histograms; keys, values and their gradients.
    const int64_t columns = 8 * shape.positional_width + 6 + 4 * shape.attention_width();
    memory.codebook_bytes = kFloatBytes * shape.num_codewords * columns;
    memory.scratch_bytes = std::max(memory.scratch_bytes, kBlockBytes);
  }
  return memory;
}

}  // namespace gigahop::model
