/// The local steps of batch norm, column by column.
#include "ops/batch_norm.h"

#include "base/error.h"

namespace gigahop::ops {

template <>
void column_sums<Reference>(Reference&, In<Reference> x, VectorOf<Reference, double> sums) {
  require(sums.size == x.cols, "column_sums: extents agree");
  for (int64_t c = 0; c < x.cols; ++c) {
    sums[c] = 0;
    for (int64_t r = 0; r < x.rows; ++r) sums[c] += x.row(r)[c];
  }
}

template <>
void centred_square_sums<Reference>(Reference&, In<Reference> x, VectorOf<Reference, const double> mean,
                                    VectorOf<Reference, double> square_sums) {
  require(mean.size == x.cols && square_sums.size == x.cols, "centred_square_sums: extents agree");
  for (int64_t c = 0; c < x.cols; ++c) {
    square_sums[c] = 0;
    for (int64_t r = 0; r < x.rows; ++r) square_sums[c] += (x.row(r)[c] - mean[c]) * (x.row(r)[c] - mean[c]);
  }
}

template <>
void batch_norm_apply<Reference>(Reference&, In<Reference> x, VectorOf<Reference, const double> mean,
                                 VectorOf<Reference, const double> inverse_deviation, InVector<Reference> gain,
                                 InVector<Reference> shift, Out<Reference> y) {
  require(x.rows == y.rows && x.cols == y.cols && gain.size == shift.size, "batch_norm_apply: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) {
      const double normal = (x.row(r)[c] - mean[c]) * inverse_deviation[c];
      y.row(r)[c] = gain.size == 0 ? normal : normal * gain[c] + shift[c];
    }
  }
}

template <>
void batch_norm_backward_sums<Reference>(Reference&, In<Reference> x, VectorOf<Reference, const double> mean,
                                         VectorOf<Reference, const double> inverse_deviation, In<Reference> dy,
                                         VectorOf<Reference, double> dy_sums, VectorOf<Reference, double> dy_x_sums) {
  for (int64_t c = 0; c < x.cols; ++c) {
    dy_sums[c] = dy_x_sums[c] = 0;
    for (int64_t r = 0; r < x.rows; ++r) {
      dy_sums[c] += dy.row(r)[c];
      dy_x_sums[c] += dy.row(r)[c] * (x.row(r)[c] - mean[c]) * inverse_deviation[c];
    }
  }
}

template <>
void batch_norm_backward_apply<Reference>(Reference&, In<Reference> x, VectorOf<Reference, const double> mean,
                                          VectorOf<Reference, const double> inverse_deviation, InVector<Reference> gain,
                                          In<Reference> dy, VectorOf<Reference, const double> dy_sums,
                                          VectorOf<Reference, const double> dy_x_sums, int64_t rows_all,
                                          Out<Reference> dx) {
  const auto n = static_cast<double>(rows_all);
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) {
      const double normal = (x.row(r)[c] - mean[c]) * inverse_deviation[c];
      dx.row(r)[c] = (gain.size == 0 ? 1 : gain[c]) * inverse_deviation[c] *
                     (dy.row(r)[c] - dy_sums[c] / n - normal * dy_x_sums[c] / n);
    }
  }
}

}  // namespace gigahop::ops
