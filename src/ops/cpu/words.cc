#include "ops/cpu/words.h"

#include "ops/cpu/clones.h"

namespace gigahop::ops::cpu {

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011), written so that the compiler puts one counter in each lane.
GIGAHOP_CLONES void fill_words(const WordStream& stream, uint32_t first, int64_t count, uint32_t* words) {
  const WordStream in = stream;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t c0 = first + static_cast<uint32_t>(i);
    uint32_t c1 = in.counter[0];
    uint32_t c2 = in.counter[1];
    uint32_t c3 = in.counter[2];
    uint32_t key0 = in.key[0];
    uint32_t key1 = in.key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const uint64_t product0 = uint64_t{0xD2511F53} * c0;
      const uint64_t product1 = uint64_t{0xCD9E8D57} * c2;
      c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ key0;
      c1 = static_cast<uint32_t>(product1);
      c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ key1;
      c3 = static_cast<uint32_t>(product0);
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    words[4 * i] = c0;
    words[4 * i + 1] = c1;
    words[4 * i + 2] = c2;
    words[4 * i + 3] = c3;
  }
}

}  // namespace gigahop::ops::cpu
