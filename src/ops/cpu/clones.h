/// One binary for a mixed cluster: a function marked GIGAHOP_CLONES is compiled for AVX-512, AVX2 and plain x86-64, and
/// the loader picks one at start.
///
/// Only plain functions of rows are marked; the OpenMP loops around them are not, since a parallel region is a function
/// of its own that would not be cloned. What they call must be GIGAHOP_INLINE. Results may differ in rounding between
/// kinds of machines, never on one.
#pragma once

#include <bit>
#include <cstdint>

#define GIGAHOP_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GIGAHOP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GIGAHOP_CLONES
#endif

namespace gigahop::ops::cpu {

/// e^x within 0.7 units in the last place for x in [-87, 88]; clamped outside, so never 0, infinite or NaN for any
/// number. Cephes' polynomial, after taking out the nearest multiple of log 2 (in two parts, exactly).
GIGAHOP_INLINE float fast_exp(float x) {
  constexpr float kRound = 0x1.8p23F;  // adding it leaves the nearest integer in the low bits
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
  const float shifted = x * 1.44269504088896341F + kRound;
  const float multiple = shifted - kRound;
  float rest = x - multiple * 0.693359375F;
  rest = rest - multiple * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * rest + 1.3981999507e-3F;
  p = p * rest + 8.3334519073e-3F;
  p = p * rest + 4.1665795894e-2F;
  p = p * rest + 1.6666665459e-1F;
  p = p * rest + 5.0000001201e-1F;
  p = p * rest * rest + rest + 1.0F;
  const int32_t exponent = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
  return std::bit_cast<float>(std::bit_cast<int32_t>(p) + (exponent << 23));
}

}  // namespace gigahop::ops::cpu
