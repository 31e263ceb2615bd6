/// Many random words at once: the vectorised twin of random_words in base/random.h, equal to it bit for bit.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "ops/dropout.h"

namespace gigahop::ops::cpu {

/// What a mask of one row is drawn from: everything but the element.
struct WordStream {
  uint32_t counter[3];  // words 1 to 3 of Philox's counter
  uint32_t key[2];
};

inline WordStream word_stream(const Dropout& dropout, OriginalId id) {
  const auto bits = static_cast<uint64_t>(id.value);
  return {
      {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32) | static_cast<uint32_t>(dropout.purpose) << 24,
       static_cast<uint32_t>(dropout.step)},
      {static_cast<uint32_t>(dropout.key.seed), static_cast<uint32_t>(dropout.key.seed >> 32)}};
}

/// words[4 i + j] = word j of element counter first + i, for i in [0, count).
void fill_words(const WordStream& stream, uint32_t first, int64_t count, uint32_t* words);

/// Calls run(words, offset, n) for consecutive pieces of [0, size): words[i] is the word of element
/// first_element + offset + i.
template <class Run>
void for_each_words(const WordStream& stream, uint32_t first_element, int64_t size, const Run& run) {
  constexpr int64_t kPiece = 1024;
  alignas(64) uint32_t words[kPiece + 8];
  for (int64_t offset = 0; offset < size; offset += kPiece) {
    const int64_t n = size - offset < kPiece ? size - offset : kPiece;
    const auto first = first_element + static_cast<uint32_t>(offset);
    const int64_t skipped = first % 4;
    fill_words(stream, first / 4, (skipped + n + 3) / 4, words);
    run(words + skipped, offset, n);
  }
}

}  // namespace gigahop::ops::cpu
