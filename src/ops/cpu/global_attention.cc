/// Attention over the codebook: scores of a few rows at a time by one product, then softmax, then another product.
///
/// Backward keeps weights and score gradients of a block of seeds; each tile of codewords sums its gradients over the
/// blocks in order, whichever thread does it.
#include "ops/global_attention.h"

#include <chrono>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/softmax_row.h"
#include "ops/cpu/timed.h"
#include "ops/cpu/units.h"
#include "ops/scratch.h"

namespace gigahop::ops {
namespace {

using cpu::Accumulate;
using cpu::FloatRows;
using cpu::RightUnits;
using cpu::UnitFormat;
using Clock = std::chrono::steady_clock;

constexpr int64_t kRows = 64;        // scores of so many seeds are computed by one product
constexpr int64_t kSeedBlock = 512;  // backward keeps the scores of so many
constexpr int64_t kCodewordTile = 256;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One head's keys and values as right operands.
struct HeadOperands {
  RightUnits keys, keys_transposed, values, values_transposed;
  Buffer<uint32_t> memory[4];
};

/// What all pieces of work share.
struct Problem {
  In<Cpu> query;
  In<Cpu> keys;
  In<Cpu> values;
  const float* counts;
  int64_t num_heads;
  UnitFormat format;
  std::vector<HeadOperands>& operands;  // [heads]

  int64_t head_width() const { return query.cols / num_heads; }
  float factor() const { return 1.0F / std::sqrt(static_cast<float>(head_width())); }
};

/// Of the calling thread, so that a step allocates nothing.
std::vector<HeadOperands>& operands_of(int64_t num_heads) {
  thread_local std::vector<HeadOperands> operands;
  if (static_cast<int64_t>(operands.size()) < num_heads) operands.resize(static_cast<size_t>(num_heads));
  return operands;
}

FloatRows columns_of(In<Cpu> x, int64_t first_row, int64_t rows, int64_t first_column, int64_t columns) {
  return {x.row(first_row) + first_column, rows, columns, x.stride};
}

enum class Direction { kForward, kBackward };

void pack_operands(const Cpu& dev, const Problem& problem, Direction direction) {
  cpu::parallel_for(dev, 4 * problem.num_heads, [&](int64_t item) {
    HeadOperands& head = problem.operands[item / 4];
    Buffer<uint32_t>& memory = head.memory[item % 4];
    const int64_t width = problem.head_width();
    const int64_t column = item / 4 * width;
    const FloatRows keys = columns_of(problem.keys, 0, problem.keys.rows, column, width);
    const FloatRows values = columns_of(problem.values, 0, problem.values.rows, column, width);
    const bool backward = direction == Direction::kBackward;
    if (item % 4 == 0) head.keys_transposed = pack_right_transposed(problem.format, keys, memory);
    if (item % 4 == 1 && !backward) head.values = pack_right(problem.format, values, memory);
    if (item % 4 == 2 && backward) head.values_transposed = pack_right_transposed(problem.format, values, memory);
    if (item % 4 == 3 && backward) head.keys = pack_right(problem.format, keys, memory);
  });
}

/// c [x.rows, n] = x b; the operands of products under way are the calling thread's.
void multiply(UnitFormat format, FloatRows x, RightUnits b, int64_t n, float* c, int64_t c_stride) {
  thread_local Buffer<uint32_t> memory;
  multiply_units(format, x.rows, n, x.cols, pack_left(format, x, memory), b, Accumulate::kNo, c, c_stride);
}

/// c [x.cols, y.cols] = (accumulate ? c : 0) + x^T y.
void multiply_transposed(UnitFormat format, FloatRows x, FloatRows y, Accumulate accumulate, float* c,
                         int64_t c_stride) {
  thread_local Buffer<uint32_t> left;
  thread_local Buffer<uint32_t> right;
  multiply_units(format, x.cols, y.cols, x.rows, transposed_left(pack_right(format, x, left)),
                 pack_right(format, y, right), accumulate, c, c_stride);
}

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

/// weights [count, M] of seeds [first, first + count) for one head.
void attention_weights(const Problem& problem, int64_t first, int64_t count, int64_t head, float* weights) {
  const int64_t m = problem.keys.rows;
  const int64_t width = problem.head_width();
  multiply(problem.format, columns_of(problem.query, first, count, head * width, width),
           problem.operands[head].keys_transposed, m, weights, m);
  for (int64_t r = 0; r < count; ++r) cpu::softmax_row(weights + r * m, problem.counts, problem.factor(), m);
}

/// The seeds' half of the backward: fills weights and dscores [count, M] and writes dquery.
void backward_seeds(const Problem& problem, In<Cpu> dout, int64_t first, int64_t count, int64_t head, float* weights,
                    float* dscores, Out<Cpu> dquery) {
  const int64_t m = problem.keys.rows;
  const int64_t width = problem.head_width();
  attention_weights(problem, first, count, head, weights);
  multiply(problem.format, columns_of(dout, first, count, head * width, width),
           problem.operands[head].values_transposed, m, dscores, m);
  for (int64_t r = 0; r < count; ++r) {
    cpu::softmax_row_backward(weights + r * m, dscores + r * m, problem.factor(), m);
  }
  multiply(problem.format, {dscores, count, m, m}, problem.operands[head].keys, width, dquery.row(first) + head * width,
           dquery.stride);
}

}  // namespace

int64_t global_attention_scratch_bytes(const Cpu& dev, const CodebookExtents& extents) {
  const int64_t block_rows = std::min(kSeedBlock, extents.num_seeds);
  const int64_t scores = 2 * extents.num_heads * block_rows * extents.num_codewords;
  // Floats: two transposed copies of keys and values; pairs: four copies of half the size.
  const int64_t operands = 2 * extents.num_codewords * extents.num_heads * extents.head_width;
  // The scores of a block of rows forward, their units, the distances of nearest_codeword, and a tile of each operand.
  const int64_t of_thread = 3 * kRows * extents.num_codewords + block_rows * (kCodewordTile + extents.head_width);
  return 4 * (scores + operands + dev.num_threads * of_thread);
}

template <>
void global_attention<Cpu>(Cpu& dev, int64_t num_heads, In<Cpu> query, In<Cpu> keys, In<Cpu> values,
                           VectorOf<Cpu, const int64_t> histogram, Out<Cpu> out) {
  const cpu::Timed timed(dev, "global_attention");
  check(num_heads, query, keys, values, histogram);
  require(out.rows == query.rows && out.cols == query.cols, "global_attention: extents agree");
  const auto start = Clock::now();
  const Buffer<float> counts = counts_of(histogram);
  const Problem problem = {
      query, keys, values, counts.data(), num_heads, cpu::unit_format(dev), operands_of(num_heads)};
  pack_operands(dev, problem, Direction::kForward);
  const int64_t width = problem.head_width();
  const int64_t row_blocks = cpu::num_blocks(query.rows, kRows);
  cpu::parallel_for(dev, row_blocks * num_heads, [&](int64_t item) {
    thread_local Buffer<float> weights;
    weights.resize(kRows * keys.rows);
    const int64_t first = item / num_heads * kRows;
    const int64_t count = std::min(kRows, query.rows - first);
    const int64_t head = item % num_heads;
    attention_weights(problem, first, count, head, weights.data());
    multiply(problem.format, {weights.data(), count, keys.rows, keys.rows}, problem.operands[head].values, width,
             out.row(first) + head * width, out.stride);
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
  const Problem problem = {
      query, keys, values, counts.data(), num_heads, cpu::unit_format(dev), operands_of(num_heads)};
  pack_operands(dev, problem, Direction::kBackward);
  const int64_t width = problem.head_width();
  const int64_t m = keys.rows;
  const int64_t block_rows = std::min(kSeedBlock, query.rows);
  thread_local Buffer<float> weights_memory;
  thread_local Buffer<float> dscores_memory;
  Buffer<float>& weights = weights_memory;  // of the calling thread: the others reach them through these
  Buffer<float>& dscores = dscores_memory;
  weights.resize(num_heads * block_rows * m);
  dscores.resize(num_heads * block_rows * m);
  const int64_t tiles = cpu::num_blocks(m, kCodewordTile);
  for (int64_t block = 0; block == 0 || block < query.rows; block += kSeedBlock) {
    const int64_t size = std::min(kSeedBlock, query.rows - block);
    cpu::parallel_for(dev, cpu::num_blocks(size, kRows) * num_heads, [&](int64_t item) {
      const int64_t first = item / num_heads * kRows;
      const int64_t offset = (item % num_heads * block_rows + first) * m;
      backward_seeds(problem, dout, block + first, std::min(kRows, size - first), item % num_heads,
                     weights.data() + offset, dscores.data() + offset, dquery);
    });
    cpu::parallel_for(dev, tiles * num_heads, [&](int64_t item) {
      const int64_t first = item / num_heads * kCodewordTile;
      const int64_t count = std::min(kCodewordTile, m - first);
      const int64_t column = item % num_heads * width;
      const int64_t offset = item % num_heads * block_rows * m + first;
      const auto accumulate = block == 0 ? Accumulate::kNo : Accumulate::kYes;
      multiply_transposed(problem.format, {weights.data() + offset, size, count, m},
                          columns_of(dout, block, size, column, width), accumulate, dvalues.row(first) + column,
                          dvalues.stride);
      multiply_transposed(problem.format, {dscores.data() + offset, size, count, m},
                          columns_of(query, block, size, column, width), accumulate, dkeys.row(first) + column,
                          dkeys.stride);
    });
  }
  dev.product_seconds += seconds_since(start);
}

}  // namespace gigahop::ops
