#include "ops/cpu/encoder_rows.h"

#include <cmath>

#include "ops/cpu/clones.h"
#include "ops/layer_norm.h"

namespace gigahop::ops::cpu {
namespace {

GIGAHOP_CLONES void mark_kept(const uint32_t* words, uint32_t threshold, uint8_t bit, uint8_t* kept, int64_t n) {
  for (int64_t i = 0; i < n; ++i) kept[i] |= words[i] >= threshold ? bit : uint8_t{0};
}

GIGAHOP_CLONES void mark_all(uint8_t bit, uint8_t* kept, int64_t n) {
  for (int64_t i = 0; i < n; ++i) kept[i] |= bit;
}

}  // namespace

void draw_mask(const Dropout& dropout, OriginalId id, uint8_t bit, uint8_t* kept, int64_t size) {
  if (dropout.probability == 0) {
    mark_all(bit, kept, size);
    return;
  }
  const uint32_t threshold = dropout_threshold(dropout.probability);
  for_each_words(word_stream(dropout, id), 0, size, [&](const uint32_t* words, int64_t offset, int64_t n) {
    mark_kept(words, threshold, bit, kept + offset, n);
  });
}

GIGAHOP_CLONES float normalise_sum(const float* z, const float* bias, const float* residual, const uint8_t* kept,
                                   MaskScales scales, float* normal, int64_t n) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = 0; i < n; ++i) {
    const float inner = (kept[i] & kKeptInner) != 0 ? scales.inner : 0.0F;
    const float outer = (kept[i] & kKeptOuter) != 0 ? scales.outer : 0.0F;
    const float s = outer * (residual[i] + inner * (z[i] + bias[i]));
    normal[i] = s;
    total += s;
  }
  const float mean = total / static_cast<float>(n);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < n; ++i) squares += (normal[i] - mean) * (normal[i] - mean);
  const float inverse = 1.0F / std::sqrt(squares / static_cast<float>(n) + static_cast<float>(kNormEpsilon));
  for (int64_t i = 0; i < n; ++i) normal[i] = (normal[i] - mean) * inverse;
  return inverse;
}

GIGAHOP_CLONES void normalise_sum_backward(const float* normal, const float* a, const float* b, RowGradient gradient,
                                           const uint8_t* kept, MaskScales scales, float* dresidual, float* dz,
                                           float* dbias, int64_t n) {
  const RowGradient g = gradient;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float ds = g.inverse_deviation * (g.beta * a[i] + g.delta * b[i] - g.mean - normal[i] * g.mean_with_normal);
    const float outer = (kept[i] & kKeptOuter) != 0 ? ds * scales.outer : 0.0F;
    const float inner = (kept[i] & kKeptInner) != 0 ? outer * scales.inner : 0.0F;
    dresidual[i] = outer;
    dz[i] = inner;
    dbias[i] += inner;
  }
}

GIGAHOP_CLONES void add_scaled(const float* x, float beta, float* u, float delta, float* v, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    u[i] += beta * x[i];
    v[i] += delta * x[i];
  }
}

GIGAHOP_CLONES void add_scaled(const float* x, float factor, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

GIGAHOP_CLONES void multiply(const float* a, const float* b, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
}

GIGAHOP_CLONES float sum(const float* x, int64_t n) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = 0; i < n; ++i) total += x[i];
  return total;
}

}  // namespace gigahop::ops::cpu
