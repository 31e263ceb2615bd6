/// How much a rank reads and sends at a time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace gigahop::partition {

/// At most chunk_bytes, and where a rank's share of the whole is small a sixteenth of it, so that buffers stay small
/// beside what they fill; but no less than 256 KiB, below which the number of messages costs more.
inline int64_t bounded_chunk(int64_t chunk_bytes, int64_t share_bytes) {
  constexpr int64_t kSmallest = 256 << 10;
  return std::min(chunk_bytes, std::max(kSmallest, share_bytes / 16));
}

}  // namespace gigahop::partition
