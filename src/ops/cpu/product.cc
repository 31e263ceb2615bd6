/// Large products, cut into tiles of fixed sizes that threads take; a long inner dimension is cut too, and its partial
/// sums are added in order. So no thread count changes a bit.
#include "ops/product.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/error.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/sgemm.h"
#include "ops/cpu/timed.h"
#include "ops/cpu/units.h"
#include "ops/linear.h"
#include "ops/scratch.h"

namespace gigahop::ops {
namespace {

using cpu::Operand;

constexpr int64_t kTileRows = 256;
constexpr int64_t kTileCols = 512;
constexpr int64_t kChunkDepth = 1024;
constexpr int64_t kMaxChunks = 32;
constexpr int64_t kMaxPartialElements = int64_t{1} << 24;  // 64 MiB

GIGAHOP_CLONES void add_row(const float* x, double* sums, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sums[i] += static_cast<double>(x[i]);
}

GIGAHOP_CLONES void add_bias(const float* bias, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += bias[i];
}

/// c = beta c + partial[0] + partial[1] + ..., each `step` elements after the one before.
GIGAHOP_CLONES void combine_row(const float* partial, int64_t num_chunks, int64_t step, float beta, float* c,
                                int64_t n) {
  if (beta == 0) {
    for (int64_t i = 0; i < n; ++i) c[i] = partial[i];
  } else {
    for (int64_t i = 0; i < n; ++i) c[i] = beta * c[i] + partial[i];
  }
  for (int64_t j = 1; j < num_chunks; ++j) {
    for (int64_t i = 0; i < n; ++i) c[i] += partial[j * step + i];
  }
}

/// Into how many pieces the inner dimension is cut: a function of the extents alone.
int64_t num_chunks(int64_t m, int64_t n, int64_t depth) {
  const int64_t tiles = cpu::num_blocks(m, kTileRows) * cpu::num_blocks(n, kTileCols);
  if (tiles >= kMaxChunks) return 1;
  const int64_t by_memory = kMaxPartialElements / (m * n);
  return std::max<int64_t>(1, std::min({depth / kChunkDepth, kMaxChunks, by_memory}));
}

char letter(Transpose transpose) {
  return transpose == Transpose::kNo ? 'N' : 'T';
}

Operand shifted(Operand x, int64_t rows, int64_t cols) {
  const int64_t offset = x.transpose == Transpose::kNo ? rows * x.stride + cols : cols * x.stride + rows;
  return {x.data + offset, x.stride, x.transpose};
}

/// A tile of op(A) op(B) in units; c = beta c + it, beta 0 or 1.
void multiply_tile(cpu::UnitFormat format, int64_t m, int64_t n, int64_t k, Operand a, Operand b, float beta, float* c,
                   int64_t c_stride) {
  thread_local Buffer<uint32_t> left;
  thread_local Buffer<uint32_t> right;
  const cpu::LeftUnits a_units = a.transpose == Transpose::kNo
                                     ? cpu::pack_left(format, {a.data, m, k, a.stride}, left)
                                     : cpu::transposed_left(cpu::pack_right(format, {a.data, k, m, a.stride}, left));
  const cpu::RightUnits b_units = b.transpose == Transpose::kNo
                                      ? cpu::pack_right(format, {b.data, k, n, b.stride}, right)
                                      : cpu::pack_right_transposed(format, {b.data, n, k, b.stride}, right);
  const auto accumulate = beta == 0 ? cpu::Accumulate::kNo : cpu::Accumulate::kYes;
  cpu::multiply_units(format, m, n, k, a_units, b_units, accumulate, c, c_stride);
}

void tiled_product(const Cpu& dev, cpu::UnitFormat format, int64_t depth, float alpha, Operand a, Operand b, float beta,
                   Out<Cpu> c) {
  const int64_t chunks = num_chunks(c.rows, c.cols, depth);
  const int64_t chunk_depth = cpu::num_blocks(depth, chunks);
  const int64_t row_tiles = cpu::num_blocks(c.rows, kTileRows);
  const int64_t tiles = row_tiles * cpu::num_blocks(c.cols, kTileCols);
  thread_local Buffer<float> memory;
  Buffer<float>& partial = memory;  // of the calling thread: the others reach it through this
  partial.resize(chunks == 1 ? 0 : chunks * c.rows * c.cols);
  cpu::parallel_for(dev, chunks * tiles, [&](int64_t item) {
    const int64_t first_depth = item / tiles * chunk_depth;
    const int64_t first_row = item % tiles % row_tiles * kTileRows;
    const int64_t first_col = item % tiles / row_tiles * kTileCols;
    const int64_t m = std::min(kTileRows, c.rows - first_row);
    const int64_t n = std::min(kTileCols, c.cols - first_col);
    const int64_t k = std::clamp<int64_t>(depth - first_depth, 0, chunk_depth);
    const bool direct = chunks == 1;
    float* target = direct ? c.row(first_row) + first_col
                           : partial.data() + (item / tiles * c.rows + first_row) * c.cols + first_col;
    const Operand a_tile = shifted(a, first_row, first_depth);
    const Operand b_tile = shifted(b, first_depth, first_col);
    const float target_beta = direct ? beta : 0;
    const int64_t target_stride = direct ? c.stride : c.cols;
    if (format == cpu::UnitFormat::kFloats) {
      cpu::sgemm(m, n, k, alpha, a_tile, b_tile, target_beta, target, target_stride);
    } else {
      multiply_tile(format, m, n, k, a_tile, b_tile, target_beta, target, target_stride);
    }
  });
  if (chunks == 1) return;
  cpu::for_each_block(dev, c.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) {
      combine_row(partial.data() + r * c.cols, chunks, c.rows * c.cols, beta, c.row(r), c.cols);
    }
  });
}

/// alpha is 1 and beta is 0 or 1 unless the format is kFloats.
void checked_product(Cpu& dev, cpu::UnitFormat format, Transpose transpose_a, Transpose transpose_b, float alpha,
                     In<Cpu> a, In<Cpu> b, float beta, Out<Cpu> c) {
  const int64_t depth = transpose_a == Transpose::kNo ? a.cols : a.rows;
  require((transpose_a == Transpose::kNo ? a.rows : a.cols) == c.rows, "product: op(A) has the rows of C");
  require((transpose_b == Transpose::kNo ? b.cols : b.rows) == c.cols, "product: op(B) has the columns of C");
  require((transpose_b == Transpose::kNo ? b.rows : b.cols) == depth, "product: op(A) and op(B) agree");
  if (c.size() == 0) return;
  const cpu::Timed timed(dev, [&] {
    return fmt::format("product {}{} {}x{}x{}", letter(transpose_a), letter(transpose_b), c.rows, c.cols, depth);
  });
  const auto start = std::chrono::steady_clock::now();
  tiled_product(dev, format, depth, alpha, {a.data, a.stride, transpose_a}, {b.data, b.stride, transpose_b}, beta, c);
  dev.product_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

float beta_of(Write write) {
  return write == Write::kAdd ? 1 : 0;
}

}  // namespace

int64_t products_scratch_bytes(const Cpu& dev, std::span<const ProductExtents> products) {
  const cpu::UnitFormat format = cpu::unit_format(dev);
  int64_t partial = 0;
  int64_t left = 0;
  int64_t right = 0;
  for (const auto& [m, n, depth] : products) {
    if (m == 0 || n == 0) continue;
    const int64_t chunks = num_chunks(m, n, depth);
    if (chunks > 1) partial = std::max(partial, 4 * chunks * m * n);
    if (format == cpu::UnitFormat::kFloats) continue;
    const int64_t tile_depth = cpu::num_blocks(depth, chunks);
    left = std::max(left, cpu::left_bytes(format, std::min(m, kTileRows), tile_depth));
    right = std::max(right, cpu::right_bytes(format, std::min(n, kTileCols), tile_depth));
  }
  return partial + dev.num_threads * (left + right);
}

template <>
void product<Cpu>(Cpu& dev, Transpose transpose_a, Transpose transpose_b, float alpha, In<Cpu> a, In<Cpu> b, float beta,
                  Out<Cpu> c) {
  checked_product(dev, cpu::UnitFormat::kFloats, transpose_a, transpose_b, alpha, a, b, beta, c);
}

template <>
void linear<Cpu>(Cpu& dev, In<Cpu> x, In<Cpu> weight, InVector<Cpu> bias, Out<Cpu> y) {
  checked_product(dev, cpu::unit_format(dev), Transpose::kNo, Transpose::kYes, 1, x, weight, 0, y);
  if (bias.size == 0) return;
  const cpu::Timed timed(dev, "bias");
  require(bias.size == y.cols, "linear: one bias for each output");
  cpu::for_each_block(dev, y.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) add_bias(bias.data, y.row(r), y.cols);
  });
}

template <>
void linear_backward_input<Cpu>(Cpu& dev, In<Cpu> dy, In<Cpu> weight, Write write, Out<Cpu> dx) {
  checked_product(dev, cpu::unit_format(dev), Transpose::kNo, Transpose::kNo, 1, dy, weight, beta_of(write), dx);
}

template <>
void linear_backward_parameters<Cpu>(Cpu& dev, In<Cpu> dy, In<Cpu> x, Write write, Out<Cpu> dweight,
                                     OutVector<Cpu> dbias) {
  checked_product(dev, cpu::unit_format(dev), Transpose::kYes, Transpose::kNo, 1, dy, x, beta_of(write), dweight);
  if (dbias.size == 0) return;
  const cpu::Timed timed(dev, "bias backward");
  require(dbias.size == dy.cols, "linear_backward_parameters: one bias for each output");
  Buffer<double> sums(dy.cols);
  cpu::sum_rows(dev, dy.rows, dy.cols, sums.data(),
                [&](int64_t r, double* mine) { add_row(dy.row(r), mine, dy.cols); });
  for (int64_t c = 0; c < dy.cols; ++c) {
    dbias[c] = static_cast<float>(sums.data()[c] + (write == Write::kAdd ? static_cast<double>(dbias[c]) : 0));
  }
}

}  // namespace gigahop::ops
