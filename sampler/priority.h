/// The random order of candidates: a priority per (salt, list, node), lowest first.
///
/// A priority is a bijection of the original id, so two nodes never tie within a list, equal priorities mean equal
/// nodes, and the id is recovered from the priority. That is why sketches and candidate sets hold priorities alone.
/// Between lists, equal priorities count in the order of the lists.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/random.h"

namespace gigahop::sampler {

/// What a node is a candidate as. Values are part of every sample: never renumber.
enum class List : uint32_t {
  kNeighbours = 1,  // N1
  kTwoSteps = 2,    // N2: distinct end points of two-step walks
  kWholeGraph = 3,  // for seeds without neighbours
};

/// One list's order for one salt and group of seeds (COORDINATED), or for one salt and seed (INDEPENDENT).
struct PriorityKey {
  uint64_t mask = 0;
};

inline PriorityKey shared_key(RandomKey key, int64_t salt, int64_t group, List list) {
  return {random_bits(key, Purpose::kSampleSalt, static_cast<uint64_t>(salt), static_cast<uint64_t>(list),
                      static_cast<uint32_t>(group))};
}

/// The group whose priorities a seed shares: uniform, another one for each salt.
inline int64_t group_of_seed(RandomKey key, int64_t salt, OriginalId seed, int64_t num_groups) {
  const uint64_t bits =
      random_bits(key, Purpose::kSampleGroup, static_cast<uint64_t>(salt), static_cast<uint64_t>(seed.value), 0);
  return static_cast<int64_t>(bits % static_cast<uint64_t>(num_groups));
}

inline PriorityKey key_of_seed(RandomKey key, int64_t salt, List list, OriginalId seed) {
  return {random_bits(key, Purpose::kSeedSalt, static_cast<uint64_t>(salt), static_cast<uint64_t>(seed.value),
                      static_cast<uint32_t>(list))};
}

constexpr uint64_t priority(PriorityKey key, OriginalId id) {
  return scatter(static_cast<uint64_t>(id.value) ^ key.mask);
}

/// The inverse of scatter: x ^ x >> s is undone by shifting on until nothing is left, a product by the inverse mod
/// 2^64.
constexpr uint64_t unscatter(uint64_t x) {
  x ^= x >> 31 ^ x >> 62;
  x *= 0x319642b2d24d8ec3ULL;
  x ^= x >> 27 ^ x >> 54;
  x *= 0x96de1b173f119089ULL;
  return x ^ x >> 30 ^ x >> 60;
}

constexpr OriginalId node_of(PriorityKey key, uint64_t priority_of_node) {
  return OriginalId(static_cast<int64_t>(unscatter(priority_of_node) ^ key.mask));
}

static_assert(unscatter(scatter(0x0123456789abcdefULL)) == 0x0123456789abcdefULL);
static_assert(unscatter(scatter(~uint64_t{0})) == ~uint64_t{0} && scatter(unscatter(42)) == 42);

}  // namespace gigahop::sampler
