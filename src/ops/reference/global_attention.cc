/// Attention over the codebook, one seed and head at a time.
#include "ops/global_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace gigahop::ops {
namespace {

double dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// softmax_m(q · k_m / sqrt(width) + log n_m); zeros if all n_m are 0. keys: one head's columns.
std::vector<double> attention_weights(const double* query, In<Reference> keys,
                                      VectorOf<Reference, const int64_t> histogram) {
  std::vector<double> weights(keys.rows, 0.0);
  double largest = -INFINITY;
  for (int64_t m = 0; m < keys.rows; ++m) {
    weights[m] = dot(query, keys.row(m), keys.cols) / std::sqrt(static_cast<double>(keys.cols)) +
                 std::log(static_cast<double>(histogram[m]));
    largest = std::max(largest, weights[m]);
  }
  if (largest == -INFINITY) return std::vector<double>(keys.rows, 0.0);
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - largest);
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace

template <>
void global_attention<Reference>(Reference&, int64_t num_heads, In<Reference> query, In<Reference> keys,
                                 In<Reference> values, VectorOf<Reference, const int64_t> histogram,
                                 Out<Reference> out) {
  require(query.cols % num_heads == 0 && histogram.size == keys.rows, "global_attention: extents agree");
  const int64_t width = query.cols / num_heads;
  for (int64_t b = 0; b < query.rows; ++b) {
    for (int64_t first = 0; first < query.cols; first += width) {
      const auto weights = attention_weights(query.row(b) + first, keys.columns(first, width), histogram);
      for (int64_t c = first; c < first + width; ++c) {
        out.row(b)[c] = 0;
        for (int64_t m = 0; m < keys.rows; ++m) out.row(b)[c] += weights[m] * values.row(m)[c];
      }
    }
  }
}

template <>
void global_attention_backward<Reference>(Reference&, int64_t num_heads, In<Reference> query, In<Reference> keys,
                                          In<Reference> values, VectorOf<Reference, const int64_t> histogram,
                                          In<Reference> dout, Out<Reference> dquery, Out<Reference> dkeys,
                                          Out<Reference> dvalues) {
  const int64_t width = query.cols / num_heads;
  const double factor = 1 / std::sqrt(static_cast<double>(width));
  for (int64_t b = 0; b < query.rows; ++b) std::fill_n(dquery.row(b), query.cols, 0.0);
  for (int64_t m = 0; m < keys.rows; ++m) {
    std::fill_n(dkeys.row(m), query.cols, 0.0);
    std::fill_n(dvalues.row(m), query.cols, 0.0);
  }
  for (int64_t b = 0; b < query.rows; ++b) {
    for (int64_t first = 0; first < query.cols; first += width) {
      const auto weights = attention_weights(query.row(b) + first, keys.columns(first, width), histogram);
      double mean = 0;
      for (int64_t m = 0; m < keys.rows; ++m) {
        mean += weights[m] * dot(dout.row(b) + first, values.row(m) + first, width);
      }
      for (int64_t m = 0; m < keys.rows; ++m) {
        const double dweight = dot(dout.row(b) + first, values.row(m) + first, width);
        const double dscore = weights[m] * (dweight - mean) * factor;
        for (int64_t c = first; c < first + width; ++c) {
          dvalues.row(m)[c] += weights[m] * dout.row(b)[c];
          dquery.row(b)[c] += dscore * keys.row(m)[c];
          dkeys.row(m)[c] += dscore * query.row(b)[c];
        }
      }
    }
  }
}

}  // namespace gigahop::ops
