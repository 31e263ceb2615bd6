#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

#include "base/ids.h"

namespace gigahop {
namespace {

TEST(RandomWords, are_philox4x32_10) {
  // Known answer of Random123 for counter 0 and key 0.
  const RandomWords words = random_words({0}, static_cast<Purpose>(0), 0, 0, 0);
  EXPECT_EQ(words, (RandomWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

TEST(RandomWords, differ_when_any_argument_does) {
  std::set<RandomWords> seen;
  seen.insert(random_words({1}, Purpose::kTest, 2, 3, 4));
  seen.insert(random_words({2}, Purpose::kTest, 2, 3, 4));
  seen.insert(random_words({1ULL << 32 | 1}, Purpose::kTest, 2, 3, 4));
  seen.insert(random_words({1}, Purpose::kFastRp, 2, 3, 4));
  seen.insert(random_words({1}, Purpose::kTest, 5, 3, 4));
  seen.insert(random_words({1}, Purpose::kTest, 2, 6, 4));
  seen.insert(random_words({1}, Purpose::kTest, 2, 1ULL << 40 | 3, 4));
  seen.insert(random_words({1}, Purpose::kTest, 2, 3, 7));
  EXPECT_EQ(seen.size(), 8U);
}

TEST(ToUniform, stays_below_one) {
  EXPECT_EQ(to_uniform(0), 0.0F);
  EXPECT_LT(to_uniform(0xffffffff), 1.0F);
}

TEST(ToNormal, has_the_moments_of_a_standard_normal) {
  constexpr int kDraws = 100000;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const RandomWords words = random_words({8}, Purpose::kTest, 0, i, 0);
    const double x = to_normal(words[0], words[1]);
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  // Standard deviations of the three means: 0.0032, 0.0045, 0.031; five of each.
  EXPECT_NEAR(sum / kDraws, 0.0, 0.016);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.023);
  EXPECT_NEAR(fourth / kDraws, 3.0, 0.155);
  EXPECT_TRUE(std::isfinite(to_normal(0, 0)));
  EXPECT_TRUE(std::isfinite(to_normal(0xffffffff, 0xffffffff)));
}

/// The inverse of x ^= x >> shift.
uint64_t unshift(uint64_t x, int shift) {
  uint64_t result = x;
  for (int done = shift; done < 64; done += shift) result = x ^ (result >> shift);
  return result;
}

/// The inverse of an odd number modulo 2^64 (Newton).
uint64_t inverse(uint64_t odd) {
  uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
  return x;
}

TEST(Scatter, is_a_bijection) {
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t x = random_bits({9}, Purpose::kTest, 0, i, 0);
    uint64_t y = unshift(scatter(x), 31) * inverse(0x94d049bb133111ebULL);
    y = unshift(y, 27) * inverse(0xbf58476d1ce4e5b9ULL);
    EXPECT_EQ(unshift(y, 30), x);
  }
}

TEST(Ids, order_hash_and_do_not_mix) {
  EXPECT_LT(LocalId(1), LocalId(2));
  EXPECT_EQ(++GlobalId(4), GlobalId(5));
  EXPECT_EQ(std::hash<OriginalId>()(OriginalId(3)), std::hash<OriginalId>()(OriginalId(3)));
  static_assert(!std::is_convertible_v<GlobalId, OriginalId> && !std::is_convertible_v<int64_t, GlobalId>);
}

}  // namespace
}  // namespace gigahop
