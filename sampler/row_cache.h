/// Token rows of remote nodes kept in memory, in the dtype they are stored in.
///
/// Which nodes are kept is chosen by sampler/cache_choice.h. It never changes a batch, only where its rows come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "tensor/matrix.h"

namespace gigahop::sampler {

/// Rows that a budget holds, with 12 bytes for the id and the slot of each. Pure.
constexpr int64_t rows_in_cache(int64_t cache_bytes, int64_t row_bytes) {
  return cache_bytes / (row_bytes + static_cast<int64_t>(sizeof(OriginalId) + sizeof(int32_t)));
}

class RowCache {
 public:
  RowCache() = default;
  /// Memory is set aside at once and becomes real as rows are written. row_bytes 0: the rows are kept elsewhere.
  RowCache(int64_t capacity, int64_t row_bytes);

  std::span<const OriginalId> ids() const { return ids_; }  // ascending
  std::byte* row(int64_t slot) { return rows_.data() + slot * row_bytes_; }
  const std::byte* row(int64_t slot) const { return rows_.data() + slot * row_bytes_; }

  /// The slot of each node, -1 = not here. ids: ascending. Cost: U log(C / U) for U ids and C rows.
  std::vector<int32_t> find(std::span<const OriginalId> ids) const;

  /// Keeps these nodes (ascending, at most `capacity`) instead of those before. Returns the places in ids of the nodes
  /// that are new: their slots are theirs already, their rows are for the caller to write.
  std::vector<int64_t> replace(std::vector<OriginalId> ids);

 private:
  int64_t capacity_ = 0;
  int64_t row_bytes_ = 0;
  std::vector<OriginalId> ids_;
  std::vector<int32_t> slots_;  // of each id
  Buffer<std::byte> rows_;
};

}  // namespace gigahop::sampler
