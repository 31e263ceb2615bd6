/// The row-wise half of the local encoder: masks, the sum that is normalised, and the way back.
#pragma once

#include <cstdint>

#include "ops/cpu/words.h"

namespace gigahop::ops::cpu {

/// Both masks of an element in one byte.
constexpr uint8_t kKeptInner = 1;
constexpr uint8_t kKeptOuter = 2;

/// What the masks multiply kept elements by.
struct MaskScales {
  float inner;
  float outer;
};

/// kept[i] |= bit where element i of `id` is kept, for i in [0, size); everywhere if the probability is 0.
void draw_mask(const Dropout& dropout, OriginalId id, uint8_t bit, uint8_t* kept, int64_t size);

/// normal = (s - mean) / deviation of the row s = outer(residual + inner(z + bias)); normal may be z.
/// Returns 1 / deviation.
float normalise_sum(const float* z, const float* bias, const float* residual, const uint8_t* kept, MaskScales scales,
                    float* normal, int64_t n);

/// The gradient of a normalised row is known as a sum of two vectors: beta a + delta b.
struct RowGradient {
  float beta;
  float delta;
  float mean;              // of the gradient
  float mean_with_normal;  // of its product with the row
  float inverse_deviation;
};

/// Back through normalise_sum: writes dresidual and dz, adds dz to dbias. dz may be `normal`.
void normalise_sum_backward(const float* normal, const float* a, const float* b, RowGradient gradient,
                            const uint8_t* kept, MaskScales scales, float* dresidual, float* dz, float* dbias,
                            int64_t n);

/// u += beta x, v += delta x.
void add_scaled(const float* x, float beta, float* u, float delta, float* v, int64_t n);

/// y += factor x.
void add_scaled(const float* x, float factor, float* y, int64_t n);

/// y = a b.
void multiply(const float* a, const float* b, float* y, int64_t n);

float sum(const float* x, int64_t n);

}  // namespace gigahop::ops::cpu
