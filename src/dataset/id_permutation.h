/// A random order of node ids as a function: generators draw by position, and every position has its own id.
///
/// A Feistel network on the smallest power of two that holds [0, N), walked along its cycle until it is back in [0, N):
/// a bijection of [0, N) for every N and seed, in constant memory, below two network passes on average.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/random.h"

namespace gigahop::dataset {

class IdPermutation {
 public:
  /// size    N, from 1 to 2^56
  /// stream  what sets the keys apart from other numbers of Purpose::kGenerator
  IdPermutation(int64_t size, RandomKey key, uint64_t stream) : size_(static_cast<uint64_t>(size)) {
    require(size >= 1 && size <= int64_t{1} << 56, "a permutation of 1 to 2^56 ids");
    const int bits = std::bit_width(size_ - 1);
    low_bits_ = bits / 2;
    high_bits_ = bits - low_bits_;
    for (size_t round = 0; round < kRounds; ++round) {
      round_keys_[round] = random_bits(key, Purpose::kGenerator, stream, round, 0);
    }
  }

  int64_t id_of(int64_t position) const {
    auto x = static_cast<uint64_t>(position);
    do {
      for (size_t round = 0; round < kRounds; ++round) x = pass(x, round);
    } while (x >= size_);
    return static_cast<int64_t>(x);
  }
  int64_t position_of(int64_t id) const {
    auto x = static_cast<uint64_t>(id);
    do {
      for (size_t round = kRounds; round-- > 0;) x = pass(x, round);
    } while (x >= size_);
    return static_cast<int64_t>(x);
  }

 private:
  static constexpr size_t kRounds = 6;

  /// Each half in turn takes on a hash of the other; the same pass again undoes it.
  uint64_t pass(uint64_t x, size_t round) const {
    const uint64_t low_mask = (uint64_t{1} << low_bits_) - 1;
    const uint64_t high_mask = (uint64_t{1} << high_bits_) - 1;
    const uint64_t key = round_keys_[round];
    if (round % 2 == 0) return x ^ (scatter((x >> low_bits_) + key) & low_mask);
    return x ^ (scatter((x & low_mask) + key) & high_mask) << low_bits_;
  }

  uint64_t size_;
  int low_bits_ = 0;
  int high_bits_ = 0;
  std::array<uint64_t, kRounds> round_keys_ = {};
};

}  // namespace gigahop::dataset
