/// Random numbers without state: a number is a function of (seed, purpose, step, id, element) and nothing else.
///
/// So a result does not depend on ranks, threads, parts or the order of work, and a resumed run draws what the
/// uninterrupted run would have drawn. Philox4x32-10 of Random123: the key is the run's seed, the four counter words
/// are (element, low word of id, high 24 bits of id and purpose, step).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include <Random123/philox.h>

namespace gigahop {

/// What a number is drawn for. Values are part of every result: never renumber, only append.
enum class Purpose : uint32_t {
  kInitialValue = 1,          // id: hash of the parameter's name
  kInitialCodeword = 2,       // id: codeword
  kInitialAssignment = 3,     // id: original node
  kSeedOrder = 4,             // step: epoch; id: original node
  kSampleSalt = 5,            // step: epoch; id: list
  kSeedSalt = 6,              // step: epoch; id: original node (INDEPENDENT)
  kIsolated = 7,              // step: epoch; id: original node
  kDropoutSeedBranch = 8,     // step: step; id: original node
  kDropoutToken = 9,          // step: step; id: original node; element: hop and column
  kDropoutEncoderInner = 10,  // step: step; id: original node of the seed; element: slot, hop and column
  kDropoutEncoderOuter = 11,
  kDropoutHead1 = 12,
  kDropoutHead2 = 13,
  kFastRp = 14,     // id: original node; element: column / 4
  kGenerator = 15,  // generators of graphs; id and element as each documents
  kPartition = 16,  // METIS's own seed
  kTest = 17,
  kSampleGroup = 18,  // step: salt; id: original node (COORDINATED)
};

struct RandomKey {
  uint64_t seed = 0;
};

using RandomWords = std::array<uint32_t, 4>;

/// Four random words. id < 2^56; step < 2^32.
inline RandomWords random_words(RandomKey key, Purpose purpose, uint64_t step, uint64_t id, uint32_t element) {
  r123::Philox4x32::ctr_type counter = {{element, static_cast<uint32_t>(id),
                                         static_cast<uint32_t>(id >> 32) | static_cast<uint32_t>(purpose) << 24,
                                         static_cast<uint32_t>(step)}};
  r123::Philox4x32::key_type philox_key = {{static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32)}};
  const auto words = r123::Philox4x32()(counter, philox_key);
  return {words[0], words[1], words[2], words[3]};
}

/// 64 random bits, from the first two words.
inline uint64_t random_bits(RandomKey key, Purpose purpose, uint64_t step, uint64_t id, uint32_t element) {
  const RandomWords words = random_words(key, purpose, step, id, element);
  return static_cast<uint64_t>(words[1]) << 32 | words[0];
}

/// Uniform in [0, 1), 24 bits.
inline float to_uniform(uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24F;
}

/// Standard normal from two words (Box and Muller).
inline float to_normal(uint32_t first, uint32_t second) {
  const double radius = std::sqrt(-2.0 * std::log((static_cast<double>(first) + 1.0) * 0x1p-32));
  return static_cast<float>(radius * std::cos(6.283185307179586477 * static_cast<double>(second) * 0x1p-32));
}

/// A bijection of 64-bit integers that scatters them (the finaliser of SplitMix64): distinct inputs never collide.
constexpr uint64_t scatter(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace gigahop
