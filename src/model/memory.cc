#include "model/memory.h"

#include <algorithm>
#include <array>

#include "model/architecture.h"
#include "ops/scratch.h"

namespace gigahop::model {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);

/// Columns of one distinct token's rows: hidden and e; u; q, k, v and residual.
int64_t token_columns(const ModelShape& shape) {
  return 3 * shape.hidden_width + 4 * shape.attention_width();
}

/// Columns of their gradients; u has none of its own.
int64_t token_gradient_columns(const ModelShape& shape) {
  return 2 * shape.hidden_width + 4 * shape.attention_width();
}

/// Columns of one seed's rows.
int64_t seed_columns(const ModelShape& shape) {
  const int64_t hidden = shape.hidden_width;
  const int64_t width = shape.attention_width();
  int64_t columns = 2 * shape.head_input_width() + 3 * (width + hidden) + shape.num_classes;
  if (shape.has_seed_branch()) columns += shape.feature_width + 3 * hidden + 1;
  // h and its gradient; g, its normalised copy and half a gradient; queries and their gradient; codes, old and new
  if (shape.has_global()) columns += 2 * hidden + 5 * shape.positional_width + 2 * width + 2;
  return columns;
}

/// Of the products of tokens, seeds and codewords.
int64_t products_bytes(const Cpu& dev, const ModelShape& shape, const BatchBound& batch) {
  const int64_t width = shape.attention_width();
  const int64_t num_tokens = shape.has_local() ? 3 * std::max(batch.num_nodes, batch.num_evaluation_nodes) : 0;
  const int64_t num_codewords = shape.has_global() ? shape.num_codewords : 0;
  const std::array<ops::ProductExtents, 8> products = {{{num_tokens, shape.hidden_width, shape.feature_width},
                                                        {shape.hidden_width, shape.feature_width, num_tokens},
                                                        {batch.num_seeds, shape.hidden_width, shape.feature_width},
                                                        {shape.hidden_width, shape.feature_width, batch.num_seeds},
                                                        {3 * width, shape.hidden_width, num_tokens},
                                                        {num_tokens, 3 * width, shape.hidden_width},
                                                        {width, 2 * shape.positional_width, num_codewords},
                                                        {width, shape.head_input_width(), batch.num_seeds}}};
  return ops::products_scratch_bytes(dev, products);
}

int64_t scratch_bytes(const ModelShape& shape, const BatchBound& batch) {
  const Cpu dev{.num_threads = static_cast<int>(batch.num_threads), .precision = batch.precision};
  int64_t bytes = products_bytes(dev, shape, batch);
  if (shape.has_local()) {
    bytes += ops::local_encoder_scratch_bytes(dev, {.num_seeds = batch.num_seeds,
                                                    .max_tokens = 3 * batch.sample_size,
                                                    .num_heads = shape.num_heads,
                                                    .head_width = shape.hidden_width});
  }
  if (shape.has_global()) {
    bytes += ops::global_attention_scratch_bytes(dev, {.num_seeds = batch.num_seeds,
                                                       .num_codewords = shape.num_codewords,
                                                       .num_heads = shape.num_heads,
                                                       .head_width = shape.hidden_width});
  }
  return bytes;
}

}  // namespace

ModelMemory forecast_memory(const ModelShape& shape, const BatchBound& batch) {
  ModelMemory memory;
  for (const ParameterSpec& spec : parameter_specs(shape)) memory.parameters_bytes += 2 * kFloatBytes * spec.size();
  memory.seeds_bytes = kFloatBytes * batch.num_seeds * seed_columns(shape);
  memory.scratch_bytes = scratch_bytes(shape, batch);
  if (shape.has_local()) {
    memory.tokens_bytes = kFloatBytes * 3 *
                          (std::max(batch.num_nodes, batch.num_evaluation_nodes) * token_columns(shape) +
                           batch.num_nodes * token_gradient_columns(shape));
  }
  if (shape.has_global()) {
    // Codewords, sums, embedding, step; sizes and both histograms; keys, values and their gradients.
    const int64_t columns = 8 * shape.positional_width + 6 + 4 * shape.attention_width();
    memory.codebook_bytes = kFloatBytes * shape.num_codewords * columns;
  }
  return memory;
}

}  // namespace gigahop::model
