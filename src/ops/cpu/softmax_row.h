/// Rows of attention weights: softmax and its backward, in place, keys weighted by how often they stand.
#pragma once

#include <cstdint>

namespace gigahop::ops::cpu {

/// scores[i] = counts[i] exp(factor scores[i]) / their sum: softmax of factor scores + log counts. factor > 0.
/// counts[i] = 0 excludes i; all 0 gives zeros.
void softmax_row(float* scores, const float* counts, float factor, int64_t n);

/// dweights[i] = factor weights[i] (dweights[i] - mean), mean = sum of weights dweights: the gradient of the scores.
void softmax_row_backward(const float* weights, float* dweights, float mean, float factor, int64_t n);

/// The same where the mean is not known.
void softmax_row_backward(const float* weights, float* dweights, float factor, int64_t n);

float dot(const float* a, const float* b, int64_t n);

}  // namespace gigahop::ops::cpu
