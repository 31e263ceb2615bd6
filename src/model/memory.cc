#include "model/memory.h"

#include <algorithm>

#include "model/architecture.h"

namespace gigahop::model {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);

/// What operations hold at most, as src/ops/cpu works: seeds whose gradients the encoder keeps at a time, in rows of so
/// many bytes; seeds that share parameter gradients of their own, at least; tokens that a thread takes at a time,
/// unless one seed has more; seeds whose scores the global attention keeps at a time (forward in each thread, backward
/// in all); partial sums of a product.
constexpr int64_t kEncoderBlockSeeds = 128;
constexpr int64_t kEncoderBlockBytes = int64_t{128} << 20;
constexpr int64_t kEncoderGroupSeeds = 2;
constexpr int64_t kEncoderRunTokens = 128;
constexpr int64_t kScoreRows = 64;
constexpr int64_t kScoreBlockSeeds = 512;
constexpr int64_t kPartialBytes = int64_t{64} << 20;

/// Columns of one distinct token's rows.
int64_t token_columns(const ModelShape& shape) {
  const int64_t branch = 4 * shape.hidden_width;                           // hidden, e and their gradients
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

int64_t encoder_scratch_bytes(const ModelShape& shape, const BatchBound& batch) {
  const int64_t width = shape.attention_width();
  const int64_t num_tokens = 3 * batch.sample_size;
  const int64_t block_seeds = std::min(batch.num_seeds, kEncoderBlockSeeds);
  const int64_t seed_row_bytes = kFloatBytes * num_tokens * 4 * width;
  const int64_t rows_bytes = std::min(block_seeds * seed_row_bytes, std::max(kEncoderBlockBytes, seed_row_bytes));
  const int64_t num_groups = (block_seeds + kEncoderGroupSeeds - 1) / kEncoderGroupSeeds;
  const int64_t sums_bytes = kFloatBytes * num_groups * width * (width + 4);
  const int64_t score_columns = (shape.num_heads + 1) * (num_tokens + kScoreRows);
  const int64_t run_tokens = std::max(num_tokens, kEncoderRunTokens);
  const int64_t thread_bytes = kFloatBytes * run_tokens * (7 * width + score_columns);
  return rows_bytes + sums_bytes + batch.num_threads * thread_bytes;
}

int64_t global_scratch_bytes(const ModelShape& shape, const BatchBound& batch) {
  const int64_t block_seeds = std::min(batch.num_seeds, kScoreBlockSeeds);
  const int64_t score_rows = 2 * shape.num_heads * block_seeds + 2 * kScoreRows * batch.num_threads;
  return kFloatBytes * shape.num_codewords * score_rows;
}

}  // namespace

ModelMemory forecast_memory(const ModelShape& shape, const BatchBound& batch) {
  ModelMemory memory;
  for (const ParameterSpec& spec : parameter_specs(shape)) memory.parameters_bytes += 2 * kFloatBytes * spec.size();
  memory.seeds_bytes = kFloatBytes * batch.num_seeds * seed_columns(shape);
  memory.scratch_bytes = kPartialBytes;
  if (shape.has_local()) {
    memory.tokens_bytes = kFloatBytes * 3 * batch.num_nodes * token_columns(shape);
    memory.scratch_bytes += encoder_scratch_bytes(shape, batch);
  }
  if (shape.has_global()) {
    // Codewords, sums, embedding, step; sizes and both histograms; keys, values and their gradients.
    const int64_t columns = 8 * shape.positional_width + 6 + 4 * shape.attention_width();
    memory.codebook_bytes = kFloatBytes * shape.num_codewords * columns;
    memory.scratch_bytes += global_scratch_bytes(shape, batch);
  }
  return memory;
}

}  // namespace gigahop::model
