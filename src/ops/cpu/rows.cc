/// Moving and converting rows and flat vectors.
#include "ops/rows.h"

#include "base/error.h"
#include "ops/convert.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"
#include "ops/vector.h"

namespace gigahop::ops {
namespace {

constexpr int64_t kColumnBlock = 16;  // a cache line of floats: no two threads write the same

GIGAHOP_CLONES void add_to(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

GIGAHOP_CLONES void multiply(float factor, float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

GIGAHOP_CLONES double squares(const float* x, int64_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

GIGAHOP_CLONES void widen(const BFloat16* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = std::bit_cast<float>(static_cast<uint32_t>(x[i].bits) << 16);
}

/// Without branches, so that it vectorises: the exponent is moved by a multiplication, which is exact, also for
/// subnormal numbers.
GIGAHOP_CLONES void widen(const Float16* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t bits = x[i].bits;
    const float magnitude = std::bit_cast<float>((bits & 0x7fff) << 13) * 0x1p112F;
    const uint32_t special = (bits & 0x7c00) == 0x7c00 ? 0x7f800000U : 0U;  // infinity and NaN
    y[i] = std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | special | (bits & 0x8000) << 16);
  }
}

}  // namespace

template <>
void gather_rows<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, const int32_t> index, Out<Cpu> y) {
  const cpu::Timed timed(dev, "gather_rows");
  require(y.rows == index.size && y.cols == x.cols, "gather_rows: extents agree");
  cpu::for_each_block(dev, y.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) std::copy_n(x.row(index[r]), y.cols, y.row(r));
  });
}

template <>
void scatter_add_rows<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, const int32_t> index, Out<Cpu> y) {
  const cpu::Timed timed(dev, "scatter_add_rows");
  require(x.rows == index.size && y.cols == x.cols, "scatter_add_rows: extents agree");
  cpu::for_each_block(dev, x.cols, kColumnBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = 0; r < x.rows; ++r) add_to(x.row(r) + first, y.row(index[r]) + first, count);
  });
}

template <>
void copy_rows<Cpu>(Cpu& dev, In<Cpu> x, Out<Cpu> y) {
  const cpu::Timed timed(dev, "copy_rows");
  require(x.rows == y.rows && x.cols == y.cols, "copy_rows: extents agree");
  cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) std::copy_n(x.row(r), x.cols, y.row(r));
  });
}

template <>
void add_rows<Cpu>(Cpu& dev, In<Cpu> x, Out<Cpu> y) {
  const cpu::Timed timed(dev, "add_rows");
  require(x.rows == y.rows && x.cols == y.cols, "add_rows: extents agree");
  cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) add_to(x.row(r), y.row(r), x.cols);
  });
}

template <>
void convert<Cpu>(Cpu& dev, VectorOf<Cpu, const Float16> x, OutVector<Cpu> y) {
  require(x.size == y.size, "convert: extents agree");
  cpu::for_each_block(dev, x.size, cpu::kElementBlock,
                      [&](int64_t first, int64_t count) { widen(x.data + first, y.data + first, count); });
}

template <>
void convert<Cpu>(Cpu& dev, VectorOf<Cpu, const BFloat16> x, OutVector<Cpu> y) {
  require(x.size == y.size, "convert: extents agree");
  cpu::for_each_block(dev, x.size, cpu::kElementBlock,
                      [&](int64_t first, int64_t count) { widen(x.data + first, y.data + first, count); });
}

template <>
void sum_of_squares<Cpu>(Cpu& dev, InVector<Cpu> x, VectorOf<Cpu, double> sum) {
  const cpu::Timed timed(dev, "sum_of_squares");
  Buffer<double> partial(cpu::num_blocks(x.size, cpu::kElementBlock));
  cpu::for_each_block(dev, x.size, cpu::kElementBlock, [&](int64_t first, int64_t count) {
    partial.data()[first / cpu::kElementBlock] = squares(x.data + first, count);
  });
  sum[0] = 0;
  for (const double part : partial.span()) sum[0] += part;
}

template <>
void scale<Cpu>(Cpu& dev, double factor, OutVector<Cpu> x) {
  const cpu::Timed timed(dev, "scale");
  cpu::for_each_block(dev, x.size, cpu::kElementBlock, [&](int64_t first, int64_t count) {
    multiply(static_cast<float>(factor), x.data + first, count);
  });
}

template <>
void add<Cpu>(Cpu& dev, InVector<Cpu> x, OutVector<Cpu> y) {
  const cpu::Timed timed(dev, "add");
  require(x.size == y.size, "add: extents agree");
  cpu::for_each_block(dev, x.size, cpu::kElementBlock,
                      [&](int64_t first, int64_t count) { add_to(x.data + first, y.data + first, count); });
}

}  // namespace gigahop::ops
