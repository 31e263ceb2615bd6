#include "ops/cpu/words.h"

#include "ops/cpu/clones.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gigahop::ops::cpu {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kKeyStep0 = 0x9E3779B9;
constexpr uint32_t kKeyStep1 = 0xBB67AE85;
constexpr int kRounds = 10;

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011), written so that the compiler puts one counter in each lane.
GIGAHOP_CLONES void fill_portable(const WordStream& stream, uint32_t first, int64_t count, uint32_t* words) {
  const WordStream in = stream;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t c0 = first + static_cast<uint32_t>(i);
    uint32_t c1 = in.counter[0];
    uint32_t c2 = in.counter[1];
    uint32_t c3 = in.counter[2];
    uint32_t key0 = in.key[0];
    uint32_t key1 = in.key[1];
#pragma GCC unroll 10
    for (int round = 0; round < kRounds; ++round) {
      const uint64_t product0 = uint64_t{kMultiplier0} * c0;
      const uint64_t product1 = uint64_t{kMultiplier1} * c2;
      c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ key0;
      c1 = static_cast<uint32_t>(product1);
      c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ key1;
      c3 = static_cast<uint32_t>(product0);
      key0 += kKeyStep0;
      key1 += kKeyStep1;
    }
    words[4 * i] = c0;
    words[4 * i + 1] = c1;
    words[4 * i + 2] = c2;
    words[4 * i + 3] = c3;
  }
}

#if defined(__x86_64__)

// GCC 12 sees uninitialised values in its own intrinsics.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

/// The same for 8 counters, in the low halves of 64-bit lanes, where a product needs no shuffle: twice as fast as what
/// the compiler finds. What the high halves hold between rounds does not matter. `words` takes 32.
__attribute__((target("arch=x86-64-v4"))) inline void fill_eight(const WordStream& stream, uint32_t first,
                                                                 uint32_t* words) {
  const __m512i multiplier0 = _mm512_set1_epi64(kMultiplier0);
  const __m512i multiplier1 = _mm512_set1_epi64(kMultiplier1);
  constexpr int kXor3 = 0x96;
  __m512i c0 = _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
  __m512i c1 = _mm512_set1_epi64(stream.counter[0]);
  __m512i c2 = _mm512_set1_epi64(stream.counter[1]);
  __m512i c3 = _mm512_set1_epi64(stream.counter[2]);
  uint32_t key0 = stream.key[0];
  uint32_t key1 = stream.key[1];
#pragma GCC unroll 10
  for (int round = 0; round < kRounds; ++round) {
    const __m512i product0 = _mm512_mul_epu32(c0, multiplier0);
    const __m512i product1 = _mm512_mul_epu32(c2, multiplier1);
    c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(product1, 32), c1, _mm512_set1_epi64(key0), kXor3);
    c1 = product1;
    c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(product0, 32), c3, _mm512_set1_epi64(key1), kXor3);
    c3 = product0;
    key0 += kKeyStep0;
    key1 += kKeyStep1;
  }
  // Lane i holds (c0, c1) and (c2, c3) of counter i; in memory the four lie side by side.
  const __m512i low = _mm512_mask_blend_epi32(0xAAAA, c0, _mm512_slli_epi64(c1, 32));
  const __m512i high = _mm512_mask_blend_epi32(0xAAAA, c2, _mm512_slli_epi64(c3, 32));
  const __m512i even = _mm512_unpacklo_epi64(low, high);
  const __m512i odd = _mm512_unpackhi_epi64(low, high);
  const __m512i front = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
  const __m512i back = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
  _mm512_storeu_si512(words, _mm512_permutex2var_epi64(even, front, odd));
  _mm512_storeu_si512(words + 16, _mm512_permutex2var_epi64(even, back, odd));
}

__attribute__((target("arch=x86-64-v4"))) void fill_eights(const WordStream& stream, uint32_t first, int64_t count,
                                                           uint32_t* words) {
  for (int64_t i = 0; i < count; i += 8) fill_eight(stream, first + static_cast<uint32_t>(i), words + 4 * i);
}

#pragma GCC diagnostic pop

bool has_eights() {
  static const bool has = __builtin_cpu_supports("x86-64-v4") != 0;
  return has;
}

#endif

}  // namespace

void fill_words(const WordStream& stream, uint32_t first, int64_t count, uint32_t* words) {
  int64_t done = 0;
#if defined(__x86_64__)
  if (has_eights()) {
    done = count / 8 * 8;
    fill_eights(stream, first, done, words);
  }
#endif
  fill_portable(stream, first + static_cast<uint32_t>(done), count - done, words + 4 * done);
}

}  // namespace gigahop::ops::cpu
