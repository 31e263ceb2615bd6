/// Stored numbers to float32, exactly, on a GPU.
#pragma once

#include <cuda_runtime.h>

#include "base/half.h"

namespace gigahop::ops::cuda {

inline __device__ float widen(float x) {
  return x;
}

inline __device__ float widen(BFloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
}

/// The exponent is moved by a multiplication, which is exact, also for subnormal numbers.
inline __device__ float widen(Float16 x) {
  const unsigned bits = x.bits;
  const float magnitude = __uint_as_float((bits & 0x7fffU) << 13) * 0x1p112F;
  const unsigned special = (bits & 0x7c00U) == 0x7c00U ? 0x7f800000U : 0U;  // infinity and NaN
  return __uint_as_float(__float_as_uint(magnitude) | special | (bits & 0x8000U) << 16);
}

}  // namespace gigahop::ops::cuda
