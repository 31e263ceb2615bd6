#include "encode/block_width.h"

#include <algorithm>

namespace gigahop::encode {

int64_t block_rows(int64_t num_owned, int64_t num_halo) {
  return 3 * num_owned + num_halo;
}

int64_t block_width(int64_t rows, int64_t block_bytes, int64_t width) {
  const int64_t fitting = block_bytes / std::max<int64_t>(1, rows * static_cast<int64_t>(sizeof(float)));
  const int64_t whole_lines = fitting >= kLineColumns ? fitting / kLineColumns * kLineColumns : fitting;
  return std::clamp<int64_t>(whole_lines, 1, std::max<int64_t>(1, width));
}

}  // namespace gigahop::encode
