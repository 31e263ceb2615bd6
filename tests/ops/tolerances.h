/// Every tolerance of the tests of operations, with its reason.
///
/// An element passes if |found - expected| <= absolute + relative * (largest |expected| of its array): float32 loses
/// digits of the largest terms of a sum, not of its result.
#pragma once

namespace gigahop::ops {

struct Tolerance {
  double relative;
  double absolute;
};

constexpr Tolerance kExact = {0, 0};              // moves, masks, conversions: no arithmetic that rounds
constexpr Tolerance kElementWise = {5e-7, 1e-7};  // a few roundings of 6e-8 each
constexpr Tolerance kProduct = {2e-6, 1e-7};      // sums of up to 5,000 terms: errors grow as the root of the number
constexpr Tolerance kNorm = {5e-6, 1e-6};         // a row's statistics, then a quotient: cancellation in x - mean
constexpr Tolerance kAttention = {1e-5, 1e-6};    // exp turns a score's absolute error (1e-6) into a relative one
constexpr Tolerance kEncoder = {3e-5, 1e-6};      // attention, a product, a norm and a softmax, one after the other
/// Of operations whose products round their operands to bfloat16, by up to 2^-9 of each: a product is off by 2^-8 of a
/// term, and a sum of independent errors by that of its own size. Scores of size ten become weights that are off by
/// several per cent, and so does what follows from them.
constexpr Tolerance kRoundedProduct = {1e-2, 1e-2};
constexpr Tolerance kRoundedAttention = {5e-2, 1e-2};
constexpr Tolerance kRoundedEncoder = {8e-2, 2e-2};
constexpr Tolerance kDifferences = {1e-6, 1e-8};  // double, steps of 1e-5: the error of the difference itself

}  // namespace gigahop::ops
