#include "ops/cpu/softmax_row.h"

#include "ops/cpu/clones.h"

namespace gigahop::ops::cpu {
namespace {

GIGAHOP_INLINE float dot_inline(const float* a, const float* b, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

GIGAHOP_INLINE void backward_inline(const float* weights, float* dweights, float mean, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dweights[i] = factor * weights[i] * (dweights[i] - mean);
}

}  // namespace

GIGAHOP_CLONES void softmax_row(float* scores, const float* counts, float factor, int64_t n) {
  constexpr float kExcluded = -0x1p126F;
  float largest = kExcluded;
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < n; ++i) {
    const float score = counts[i] > 0.0F ? scores[i] : kExcluded;
    largest = score > largest ? score : largest;
  }
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) {
    scores[i] = counts[i] * fast_exp((scores[i] - largest) * factor);
    sum += scores[i];
  }
  const float inverse = sum > 0.0F ? 1.0F / sum : 0.0F;
  for (int64_t i = 0; i < n; ++i) scores[i] *= inverse;
}

GIGAHOP_CLONES void softmax_row_backward(const float* weights, float* dweights, float mean, float factor, int64_t n) {
  backward_inline(weights, dweights, mean, factor, n);
}

GIGAHOP_CLONES void softmax_row_backward(const float* weights, float* dweights, float factor, int64_t n) {
  backward_inline(weights, dweights, dot_inline(weights, dweights, n), factor, n);
}

GIGAHOP_CLONES float dot(const float* a, const float* b, int64_t n) {
  return dot_inline(a, b, n);
}

}  // namespace gigahop::ops::cpu
