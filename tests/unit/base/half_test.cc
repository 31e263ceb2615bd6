#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gigahop {
namespace {

/// Value of a 16-bit float from its definition, not from its bits in float32.
double value_of(uint32_t bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const double mantissa = bits & ((1U << mantissa_bits) - 1);
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
  return sign * std::ldexp(mantissa + (1U << mantissa_bits), exponent - bias - mantissa_bits);
}

template <class Half, class Round>
void expect_exact_and_nearest(int exponent_bits, int mantissa_bits, const Round& round) {
  const uint32_t infinity = ((1U << exponent_bits) - 1) << mantissa_bits;
  for (uint32_t sign : {0U, 0x8000U}) {
    for (uint32_t bits = 0; bits <= infinity; ++bits) {
      const Half half{static_cast<uint16_t>(sign | bits)};
      const double value = value_of(half.bits, exponent_bits, mantissa_bits);
      ASSERT_EQ(static_cast<double>(to_float(half)), value);
      ASSERT_EQ(round(to_float(half)).bits, half.bits);
      if (bits + 1 >= infinity) continue;
      const double next = value_of(half.bits + 1, exponent_bits, mantissa_bits);
      const auto middle = static_cast<float>((value + next) / 2);
      const uint16_t even = static_cast<uint16_t>(half.bits + (half.bits & 1));
      ASSERT_EQ(round(middle).bits, even);
      ASSERT_EQ(round(std::nextafter(middle, static_cast<float>(value))).bits, half.bits);
      ASSERT_EQ(round(std::nextafter(middle, static_cast<float>(next))).bits, half.bits + 1);
    }
  }
}

TEST(Float16, every_value_is_exact_and_every_rounding_nearest_with_ties_to_even) {
  expect_exact_and_nearest<Float16>(5, 10, [](float x) { return to_float16(x); });
}

TEST(BFloat16, every_value_is_exact_and_every_rounding_nearest_with_ties_to_even) {
  expect_exact_and_nearest<BFloat16>(8, 7, [](float x) { return to_bfloat16(x); });
}

TEST(Halves, keep_nan_and_overflow_to_infinity) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(to_float(to_float16(nan))));
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(-nan))));
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(std::bit_cast<float>(0x7f800001U)))));
  EXPECT_EQ(to_float(to_float16(65519.0F)), 65504.0F);
  EXPECT_TRUE(std::isinf(to_float(to_float16(65520.0F))));
  EXPECT_TRUE(std::isinf(to_float(to_bfloat16(std::numeric_limits<float>::max()))));
}

}  // namespace
}  // namespace gigahop
