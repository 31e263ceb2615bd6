#include "base/checksum.h"

#include <gtest/gtest.h>

#include <string>

namespace gigahop {
namespace {

TEST(Checksum, is_xxh3_of_64_bits) {
  EXPECT_EQ(checksum_of(std::string_view()), 0x2d06800538d394c2ULL);  // XXH3_64bits of nothing, seed 0
}

TEST(Checksum, of_a_stream_is_that_of_the_whole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 7);
  for (const size_t piece : {size_t{1}, size_t{13}, size_t{1000}, text.size()}) {
    Checksum checksum;
    for (size_t at = 0; at < text.size(); at += piece) {
      checksum.update(std::as_bytes(std::span(text).subspan(at, std::min(piece, text.size() - at))));
    }
    EXPECT_EQ(checksum.value(), checksum_of(text));
  }
}

TEST(Checksum, notices_any_changed_byte) {
  std::string text(300, 'a');
  const uint64_t before = checksum_of(text);
  for (char& c : text) {
    c = 'b';
    EXPECT_NE(checksum_of(text), before);
    c = 'a';
  }
}

}  // namespace
}  // namespace gigahop
