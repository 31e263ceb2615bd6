/// Layer norm, row by row.
#include "ops/layer_norm.h"

#include <cmath>
#include <vector>

#include "base/error.h"

namespace gigahop::ops {
namespace {

struct NormalisedRow {
  std::vector<double> values;
  double inverse_deviation = 0;
};

NormalisedRow normalise(const double* x, int64_t width) {
  double mean = 0;
  for (int64_t c = 0; c < width; ++c) mean += x[c] / static_cast<double>(width);
  double variance = 0;
  for (int64_t c = 0; c < width; ++c) variance += (x[c] - mean) * (x[c] - mean) / static_cast<double>(width);
  NormalisedRow row;
  row.inverse_deviation = 1 / std::sqrt(variance + kNormEpsilon);
  for (int64_t c = 0; c < width; ++c) row.values.push_back((x[c] - mean) * row.inverse_deviation);
  return row;
}

}  // namespace

template <>
void layer_norm<Reference>(Reference&, In<Reference> x, InVector<Reference> gain, InVector<Reference> shift,
                           Out<Reference> y) {
  require(x.rows == y.rows && x.cols == y.cols && gain.size == x.cols && shift.size == x.cols,
          "layer_norm: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) {
    const NormalisedRow row = normalise(x.row(r), x.cols);
    for (int64_t c = 0; c < x.cols; ++c) y.row(r)[c] = row.values[c] * gain[c] + shift[c];
  }
}

template <>
void layer_norm_backward<Reference>(Reference&, In<Reference> x, InVector<Reference> gain, In<Reference> dy,
                                    Out<Reference> dx, OutVector<Reference> dgain, OutVector<Reference> dshift) {
  const auto width = static_cast<double>(x.cols);
  for (int64_t c = 0; c < x.cols; ++c) dgain[c] = dshift[c] = 0;
  for (int64_t r = 0; r < x.rows; ++r) {
    const NormalisedRow row = normalise(x.row(r), x.cols);
    double mean = 0;
    double mean_with_x = 0;
    for (int64_t c = 0; c < x.cols; ++c) {
      dgain[c] += dy.row(r)[c] * row.values[c];
      dshift[c] += dy.row(r)[c];
      mean += dy.row(r)[c] * gain[c] / width;
      mean_with_x += dy.row(r)[c] * gain[c] * row.values[c] / width;
    }
    for (int64_t c = 0; c < x.cols; ++c) {
      dx.row(r)[c] = row.inverse_deviation * (dy.row(r)[c] * gain[c] - mean - row.values[c] * mean_with_x);
    }
  }
}

}  // namespace gigahop::ops
