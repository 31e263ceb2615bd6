/// Gathers, copies, conversions, nearest codewords, softmax, cross-entropy, Adam and sums: each a plain loop.
#include "ops/rows.h"

#include <cmath>

#include "base/error.h"
#include "ops/adam.h"
#include "ops/convert.h"
#include "ops/cross_entropy.h"
#include "ops/nearest_codeword.h"
#include "ops/softmax.h"
#include "ops/vector.h"

namespace gigahop::ops {

template <>
void gather_rows<Reference>(Reference&, In<Reference> x, VectorOf<Reference, const int32_t> index, Out<Reference> y) {
  require(y.rows == index.size && y.cols == x.cols, "gather_rows: extents agree");
  for (int64_t r = 0; r < y.rows; ++r) std::copy_n(x.row(index[r]), y.cols, y.row(r));
}

template <>
void scatter_add_rows<Reference>(Reference&, In<Reference> x, VectorOf<Reference, const int32_t> index,
                                 Out<Reference> y) {
  require(x.rows == index.size && y.cols == x.cols, "scatter_add_rows: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) y.row(index[r])[c] += x.row(r)[c];
  }
}

template <>
void copy_rows<Reference>(Reference&, In<Reference> x, Out<Reference> y) {
  require(x.rows == y.rows && x.cols == y.cols, "copy_rows: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) std::copy_n(x.row(r), x.cols, y.row(r));
}

template <>
void add_rows<Reference>(Reference&, In<Reference> x, Out<Reference> y) {
  require(x.rows == y.rows && x.cols == y.cols, "add_rows: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) y.row(r)[c] += x.row(r)[c];
  }
}

template <>
void convert<Reference>(Reference&, VectorOf<Reference, const Float16> x, OutVector<Reference> y) {
  for (int64_t i = 0; i < x.size; ++i) y[i] = to_float(x[i]);
}

template <>
void convert<Reference>(Reference&, VectorOf<Reference, const BFloat16> x, OutVector<Reference> y) {
  for (int64_t i = 0; i < x.size; ++i) y[i] = to_float(x[i]);
}

template <>
void nearest_codeword<Reference>(Reference&, In<Reference> rows, In<Reference> codewords,
                                 VectorOf<Reference, int32_t> codes) {
  for (int64_t r = 0; r < rows.rows; ++r) {
    double best = INFINITY;
    for (int64_t m = 0; m < codewords.rows; ++m) {
      double distance = 0;
      for (int64_t c = 0; c < rows.cols; ++c) {
        distance += (rows.row(r)[c] - codewords.row(m)[c]) * (rows.row(r)[c] - codewords.row(m)[c]);
      }
      if (distance < best) codes[r] = static_cast<int32_t>(m);
      best = std::min(best, distance);
    }
  }
}

template <>
void softmax_rows<Reference>(Reference&, In<Reference> x, Out<Reference> y) {
  for (int64_t r = 0; r < x.rows; ++r) {
    const double largest = *std::max_element(x.row(r), x.row(r) + x.cols);
    double sum = 0;
    for (int64_t c = 0; c < x.cols; ++c) sum += std::exp(x.row(r)[c] - largest);
    for (int64_t c = 0; c < x.cols; ++c) y.row(r)[c] = std::exp(x.row(r)[c] - largest) / sum;
  }
}

template <>
void argmax_rows<Reference>(Reference&, In<Reference> x, VectorOf<Reference, int32_t> index) {
  for (int64_t r = 0; r < x.rows; ++r) {
    index[r] = static_cast<int32_t>(std::max_element(x.row(r), x.row(r) + x.cols) - x.row(r));
  }
}

template <>
void cross_entropy<Reference>(Reference& dev, In<Reference> logits, VectorOf<Reference, const int32_t> labels,
                              double scale, Out<Reference> dlogits, VectorOf<Reference, CrossEntropy> result) {
  require(labels.size == logits.rows, "cross_entropy: one label for each row");
  Matrix<double, Reference> weights(logits.rows, logits.cols);
  softmax_rows<Reference>(dev, logits, weights);
  result[0] = {};
  for (int64_t r = 0; r < logits.rows; ++r) {
    if (labels[r] < 0 || labels[r] >= logits.cols) {
      result[0].num_refused += 1;
      continue;
    }
    const double* row = logits.row(r);
    result[0].num_correct += std::max_element(row, row + logits.cols) - row == labels[r] ? 1 : 0;
    result[0].loss_sum -= std::log(weights.row(r)[labels[r]]);
    if (dlogits.size() == 0) continue;
    for (int64_t c = 0; c < logits.cols; ++c) {
      dlogits.row(r)[c] = (weights.row(r)[c] - (c == labels[r] ? 1 : 0)) * scale;
    }
  }
}

template <>
void adam<Reference>(Reference&, const AdamOptions& options, int64_t step, VectorOf<Reference, const double> square_sum,
                     InVector<Reference> gradients, OutVector<Reference> first_moments,
                     OutVector<Reference> second_moments, OutVector<Reference> values) {
  const double gradient_scale = clipping(options.clip_gradient_norm, std::sqrt(square_sum[0]));
  const auto t = static_cast<double>(step);
  for (int64_t i = 0; i < values.size; ++i) {
    const double gradient = gradients[i] * gradient_scale + options.weight_decay * values[i];
    first_moments[i] = options.beta1 * first_moments[i] + (1 - options.beta1) * gradient;
    second_moments[i] = options.beta2 * second_moments[i] + (1 - options.beta2) * gradient * gradient;
    const double first = first_moments[i] / (1 - std::pow(options.beta1, t));
    const double second = second_moments[i] / (1 - std::pow(options.beta2, t));
    values[i] -= options.learning_rate * first / (std::sqrt(second) + options.epsilon);
  }
}

template <>
void sum_of_squares<Reference>(Reference&, InVector<Reference> x, VectorOf<Reference, double> sum) {
  sum[0] = 0;
  for (int64_t i = 0; i < x.size; ++i) sum[0] += x[i] * x[i];
}

template <>
void scale<Reference>(Reference&, double factor, OutVector<Reference> x) {
  for (int64_t i = 0; i < x.size; ++i) x[i] *= factor;
}

template <>
void add<Reference>(Reference&, InVector<Reference> x, OutVector<Reference> y) {
  for (int64_t i = 0; i < x.size; ++i) y[i] += x[i];
}

}  // namespace gigahop::ops
