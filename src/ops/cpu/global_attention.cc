/// Attention over the codebook: scores of a few rows at a time by one product, then softmax, then another product.
///
/// Backward keeps weights and score gradients of a block of seeds; each tile of codewords sums its gradients over the
/// blocks in order, whichever thread does it.
#include "ops/global_attention.h"

#include <chrono>
#include <cmath>

#include "base/error.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/sgemm.h"
#include "ops/cpu/softmax_row.h"
#include "ops/cpu/timed.h"

namespace gigahop::ops {
namespace {

using cpu::sgemm;
using Clock = std::chrono::steady_clock;

constexpr int64_t kRows = 64;        // scores of so many seeds are computed by one product
constexpr int64_t kSeedBlock = 512;  // backward keeps the scores of so many
constexpr int64_t kCodewordTile = 256;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What all pieces of work share.
struct Problem {
  In<Cpu> query;
  In<Cpu> keys;
  In<Cpu> values;
  const float* counts;
  int64_t num_heads;

  int64_t head_width() const { return query.cols / num_heads; }
  float factor() const { return 1.0F / std::sqrt(static_cast<float>(head_width())); }
};

Buffer<float> counts_of(VectorOf<Cpu, const int64_t> histogram) {
  Buffer<float> counts(histogram.size);
  for (int64_t m = 0; m < histogram.size; ++m) counts.data()[m] = static_cast<float>(histogram[m]);
  return counts;
}

void check(int64_t num_heads, In<Cpu> query, In<Cpu> keys, In<Cpu> values, VectorOf<Cpu, const int64_t> histogram) {
  require(num_heads > 0 && query.cols % num_heads == 0, "global_attention: heads of equal width");
  require(keys.cols == query.cols && values.cols == query.cols && keys.rows == histogram.size &&
              values.rows == histogram.size,
          "global_attention: extents agree");
}

/// weights [count, M] of seeds [first, first + count) for the head that begins at column `column`.
void attention_weights(const Problem& problem, int64_t first, int64_t count, int64_t column, float* weights) {
  const int64_t m = problem.keys.rows;
  sgemm(count, m, problem.head_width(), 1, {problem.query.row(first) + column, problem.query.stride},
        {problem.keys.data + column, problem.keys.stride, Transpose::kYes}, 0, weights, m);
  for (int64_t r = 0; r < count; ++r) cpu::softmax_row(weights + r * m, problem.counts, problem.factor(), m);
}

/// The seeds' half of the backward: fills weights and dscores [count, M] and writes dquery.
void backward_seeds(const Problem& problem, In<Cpu> dout, int64_t first, int64_t count, int64_t column, float* weights,
                    float* dscores, Out<Cpu> dquery) {
  const int64_t m = problem.keys.rows;
  attention_weights(problem, first, count, column, weights);
  sgemm(count, m, problem.head_width(), 1, {dout.row(first) + column, dout.stride},
        {problem.values.data + column, problem.values.stride, Transpose::kYes}, 0, dscores, m);
  for (int64_t r = 0; r < count; ++r) {
    cpu::softmax_row_backward(weights + r * m, dscores + r * m, problem.factor(), m);
  }
  sgemm(count, problem.head_width(), m, 1, {dscores, m}, {problem.keys.data + column, problem.keys.stride}, 0,
        dquery.row(first) + column, dquery.stride);
}

}  // namespace

template <>
void global_attention<Cpu>(Cpu& dev, int64_t num_heads, In<Cpu> query, In<Cpu> keys, In<Cpu> values,
                           VectorOf<Cpu, const int64_t> histogram, Out<Cpu> out) {
  const cpu::Timed timed(dev, "global_attention");
  check(num_heads, query, keys, values, histogram);
  require(out.rows == query.rows && out.cols == query.cols, "global_attention: extents agree");
  const auto start = Clock::now();
  const Buffer<float> counts = counts_of(histogram);
  const Problem problem = {query, keys, values, counts.data(), num_heads};
  const int64_t width = problem.head_width();
  const int64_t row_blocks = cpu::num_blocks(query.rows, kRows);
  cpu::parallel_for(dev, row_blocks * num_heads, [&](int64_t item) {
    thread_local Buffer<float> weights;
    weights.resize(kRows * keys.rows);
    const int64_t first = item / num_heads * kRows;
    const int64_t count = std::min(kRows, query.rows - first);
    const int64_t column = item % num_heads * width;
    attention_weights(problem, first, count, column, weights.data());
    sgemm(count, width, keys.rows, 1, {weights.data(), keys.rows}, {values.data + column, values.stride}, 0,
          out.row(first) + column, out.stride);
  });
  dev.product_seconds += seconds_since(start);
}

template <>
void global_attention_backward<Cpu>(Cpu& dev, int64_t num_heads, In<Cpu> query, In<Cpu> keys, In<Cpu> values,
                                    VectorOf<Cpu, const int64_t> histogram, In<Cpu> dout, Out<Cpu> dquery,
                                    Out<Cpu> dkeys, Out<Cpu> dvalues) {
  const cpu::Timed timed(dev, "global_attention_backward");
  check(num_heads, query, keys, values, histogram);
  require(dout.rows == query.rows && dout.cols == query.cols && dquery.rows == query.rows &&
              dquery.cols == query.cols && dkeys.rows == keys.rows && dkeys.cols == keys.cols &&
              dvalues.rows == keys.rows && dvalues.cols == keys.cols,
          "global_attention_backward: extents agree");
  const auto start = Clock::now();
  const Buffer<float> counts = counts_of(histogram);
  const Problem problem = {query, keys, values, counts.data(), num_heads};
  const int64_t width = problem.head_width();
  const int64_t m = keys.rows;
  const int64_t block_rows = std::min(kSeedBlock, query.rows);
  Buffer<float> weights(num_heads * block_rows * m);
  Buffer<float> dscores(num_heads * block_rows * m);
  const int64_t tiles = cpu::num_blocks(m, kCodewordTile);
  for (int64_t block = 0; block == 0 || block < query.rows; block += kSeedBlock) {
    const int64_t size = std::min(kSeedBlock, query.rows - block);
    cpu::parallel_for(dev, cpu::num_blocks(size, kRows) * num_heads, [&](int64_t item) {
      const int64_t first = item / num_heads * kRows;
      const int64_t offset = (item % num_heads * block_rows + first) * m;
      backward_seeds(problem, dout, block + first, std::min(kRows, size - first), item % num_heads * width,
                     weights.data() + offset, dscores.data() + offset, dquery);
    });
    cpu::parallel_for(dev, tiles * num_heads, [&](int64_t item) {
      const int64_t first = item / num_heads * kCodewordTile;
      const int64_t count = std::min(kCodewordTile, m - first);
      const int64_t column = item % num_heads * width;
      const int64_t offset = item % num_heads * block_rows * m + first;
      const float beta = block == 0 ? 0 : 1;
      sgemm(count, width, size, 1, {weights.data() + offset, m, Transpose::kYes},
            {dout.row(block) + column, dout.stride}, beta, dvalues.row(first) + column, dvalues.stride);
      sgemm(count, width, size, 1, {dscores.data() + offset, m, Transpose::kYes},
            {query.row(block) + column, query.stride}, beta, dkeys.row(first) + column, dkeys.stride);
    });
  }
  dev.product_seconds += seconds_since(start);
}

}  // namespace gigahop::ops
