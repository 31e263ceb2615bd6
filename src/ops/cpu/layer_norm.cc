/// Layer norm of rows, two passes over each row for its statistics.
#include "ops/layer_norm.h"

#include <cmath>

#include "base/error.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"

namespace gigahop::ops {
namespace {

struct Statistics {
  float mean;
  float inverse_deviation;
};

GIGAHOP_INLINE Statistics statistics(const float* x, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  const float mean = sum / static_cast<float>(n);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, 1.0F / std::sqrt(squares / static_cast<float>(n) + static_cast<float>(kNormEpsilon))};
}

GIGAHOP_CLONES void normalise_row(const float* x, const float* gain, const float* shift, float* y, int64_t n) {
  const Statistics row = statistics(x, n);
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - row.mean) * row.inverse_deviation * gain[i] + shift[i];
}

/// sums: [2 n], of dgain and then of dshift.
GIGAHOP_CLONES void backward_row(const float* x, const float* gain, const float* dy, float* dx, double* sums,
                                 int64_t n) {
  const Statistics row = statistics(x, n);
  float mean = 0;
  float mean_with_x = 0;
#pragma omp simd reduction(+ : mean, mean_with_x)
  for (int64_t i = 0; i < n; ++i) {
    const float scaled = dy[i] * gain[i];
    mean += scaled;
    mean_with_x += scaled * ((x[i] - row.mean) * row.inverse_deviation);
  }
  mean /= static_cast<float>(n);
  mean_with_x /= static_cast<float>(n);
  for (int64_t i = 0; i < n; ++i) {
    const float normal = (x[i] - row.mean) * row.inverse_deviation;
    sums[i] += static_cast<double>(dy[i] * normal);
    sums[n + i] += static_cast<double>(dy[i]);
    dx[i] = row.inverse_deviation * (dy[i] * gain[i] - mean - normal * mean_with_x);
  }
}

}  // namespace

template <>
void layer_norm<Cpu>(Cpu& dev, In<Cpu> x, InVector<Cpu> gain, InVector<Cpu> shift, Out<Cpu> y) {
  const cpu::Timed timed(dev, "layer_norm");
  require(x.rows == y.rows && x.cols == y.cols && gain.size == x.cols && shift.size == x.cols,
          "layer_norm: extents agree");
  cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) normalise_row(x.row(r), gain.data, shift.data, y.row(r), x.cols);
  });
}

template <>
void layer_norm_backward<Cpu>(Cpu& dev, In<Cpu> x, InVector<Cpu> gain, In<Cpu> dy, Out<Cpu> dx, OutVector<Cpu> dgain,
                              OutVector<Cpu> dshift) {
  const cpu::Timed timed(dev, "layer_norm_backward");
  require(x.rows == dy.rows && x.cols == dy.cols && x.rows == dx.rows && x.cols == dx.cols && gain.size == x.cols &&
              dgain.size == x.cols && dshift.size == x.cols,
          "layer_norm_backward: extents agree");
  Buffer<double> sums(2 * x.cols);
  cpu::sum_rows(dev, x.rows, 2 * x.cols, sums.data(), [&](int64_t r, double* mine) {
    backward_row(x.row(r), gain.data, dy.row(r), dx.row(r), mine, x.cols);
  });
  for (int64_t c = 0; c < x.cols; ++c) {
    dgain[c] = static_cast<float>(sums.data()[c]);
    dshift[c] = static_cast<float>(sums.data()[x.cols + c]);
  }
}

}  // namespace gigahop::ops
