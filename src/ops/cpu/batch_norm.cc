/// The local steps of batch norm: sums in double over fixed blocks of rows.
#include "ops/batch_norm.h"

#include "base/error.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"

namespace gigahop::ops {
namespace {

GIGAHOP_CLONES void add_row(const float* x, double* sums, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sums[i] += static_cast<double>(x[i]);
}

GIGAHOP_CLONES void add_squares(const float* x, const double* mean, double* sums, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double centred = static_cast<double>(x[i]) - mean[i];
    sums[i] += centred * centred;
  }
}

/// sums: [2 n], of dy and then of dy times the normalised x.
GIGAHOP_CLONES void add_backward(const float* x, const double* mean, const double* inverse_deviation, const float* dy,
                                 double* sums, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const auto gradient = static_cast<double>(dy[i]);
    sums[i] += gradient;
    sums[n + i] += gradient * (static_cast<double>(x[i]) - mean[i]) * inverse_deviation[i];
  }
}

GIGAHOP_CLONES void apply_row(const float* x, const float* mean, const float* factor, const float* shift, float* y,
                              int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean[i]) * factor[i] + shift[i];
}

GIGAHOP_CLONES void apply_backward_row(const float* x, const float* mean, const float* factor, const float* constant,
                                       const float* slope, const float* dy, float* dx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dx[i] = factor[i] * dy[i] - constant[i] - (x[i] - mean[i]) * slope[i];
}

}  // namespace

template <>
void column_sums<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, double> sums) {
  const cpu::Timed timed(dev, "column_sums");
  require(sums.size == x.cols, "column_sums: extents agree");
  cpu::sum_rows(dev, x.rows, x.cols, sums.data, [&](int64_t r, double* mine) { add_row(x.row(r), mine, x.cols); });
}

template <>
void centred_square_sums<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, const double> mean,
                              VectorOf<Cpu, double> square_sums) {
  const cpu::Timed timed(dev, "centred_square_sums");
  require(mean.size == x.cols && square_sums.size == x.cols, "centred_square_sums: extents agree");
  cpu::sum_rows(dev, x.rows, x.cols, square_sums.data,
                [&](int64_t r, double* mine) { add_squares(x.row(r), mean.data, mine, x.cols); });
}

template <>
void batch_norm_apply<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, const double> mean,
                           VectorOf<Cpu, const double> inverse_deviation, InVector<Cpu> gain, InVector<Cpu> shift,
                           Out<Cpu> y) {
  const cpu::Timed timed(dev, "batch_norm_apply");
  require(x.rows == y.rows && x.cols == y.cols && mean.size == x.cols && inverse_deviation.size == x.cols &&
              gain.size == shift.size && (gain.size == 0 || gain.size == x.cols),
          "batch_norm_apply: extents agree");
  Matrix<float> columns(3, x.cols);
  for (int64_t c = 0; c < x.cols; ++c) {
    columns.row(0)[c] = static_cast<float>(mean[c]);
    columns.row(1)[c] = static_cast<float>(inverse_deviation[c] * (gain.size == 0 ? 1.0 : gain[c]));
    columns.row(2)[c] = gain.size == 0 ? 0 : shift[c];
  }
  cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) {
      apply_row(x.row(r), columns.row(0), columns.row(1), columns.row(2), y.row(r), x.cols);
    }
  });
}

template <>
void batch_norm_backward_sums<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, const double> mean,
                                   VectorOf<Cpu, const double> inverse_deviation, In<Cpu> dy,
                                   VectorOf<Cpu, double> dy_sums, VectorOf<Cpu, double> dy_x_sums) {
  const cpu::Timed timed(dev, "batch_norm_backward_sums");
  require(x.rows == dy.rows && x.cols == dy.cols && mean.size == x.cols && inverse_deviation.size == x.cols &&
              dy_sums.size == x.cols && dy_x_sums.size == x.cols,
          "batch_norm_backward_sums: extents agree");
  Buffer<double> sums(2 * x.cols);
  cpu::sum_rows(dev, x.rows, 2 * x.cols, sums.data(), [&](int64_t r, double* mine) {
    add_backward(x.row(r), mean.data, inverse_deviation.data, dy.row(r), mine, x.cols);
  });
  std::copy_n(sums.data(), x.cols, dy_sums.data);
  std::copy_n(sums.data() + x.cols, x.cols, dy_x_sums.data);
}

template <>
void batch_norm_backward_apply<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, const double> mean,
                                    VectorOf<Cpu, const double> inverse_deviation, InVector<Cpu> gain, In<Cpu> dy,
                                    VectorOf<Cpu, const double> dy_sums, VectorOf<Cpu, const double> dy_x_sums,
                                    int64_t rows_all, Out<Cpu> dx) {
  const cpu::Timed timed(dev, "batch_norm_backward_apply");
  require(x.rows == dy.rows && x.cols == dy.cols && x.rows == dx.rows && x.cols == dx.cols && mean.size == x.cols &&
              inverse_deviation.size == x.cols && dy_sums.size == x.cols && dy_x_sums.size == x.cols &&
              (gain.size == 0 || gain.size == x.cols),
          "batch_norm_backward_apply: extents agree");
  const auto n = static_cast<double>(rows_all);
  Matrix<float> columns(4, x.cols);
  for (int64_t c = 0; c < x.cols; ++c) {
    const double factor = inverse_deviation[c] * (gain.size == 0 ? 1.0 : gain[c]);
    columns.row(0)[c] = static_cast<float>(mean[c]);
    columns.row(1)[c] = static_cast<float>(factor);
    columns.row(2)[c] = static_cast<float>(factor * dy_sums[c] / n);
    columns.row(3)[c] = static_cast<float>(factor * inverse_deviation[c] * dy_x_sums[c] / n);
  }
  cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) {
      apply_backward_row(x.row(r), columns.row(0), columns.row(1), columns.row(2), columns.row(3), dy.row(r), dx.row(r),
                         x.cols);
    }
  });
}

}  // namespace gigahop::ops
