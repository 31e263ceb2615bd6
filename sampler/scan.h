/// Priorities of many nodes, given to a Lowest: the inner loop of sampling.
///
/// Bound by reading ids at random, not by arithmetic: priorities in vector registers gained less than a tenth.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "base/ids.h"
#include "sampler/lowest.h"
#include "sampler/priority.h"

namespace gigahop::sampler {

inline void add_nodes(std::span<const OriginalId> nodes, PriorityKey key, Lowest& lowest) {
  for (const OriginalId node : nodes) lowest.add(priority(key, node));
}

/// ids: by row.
inline void add_rows(std::span<const LocalId> rows, std::span<const OriginalId> ids, PriorityKey key, Lowest& lowest) {
  for (const LocalId row : rows) lowest.add(priority(key, ids[row.value]));
}

/// A number that, of so many random 64-bit numbers, nearly always (all but once in 10^4) k or more lie below. Pure.
inline uint64_t likely_bound(int64_t k, int64_t num_numbers) {
  const double below = static_cast<double>(k) + 4 * std::sqrt(static_cast<double>(k)) + 4;
  const double share = below / static_cast<double>(num_numbers);
  return share < 1 ? static_cast<uint64_t>(share * 0x1p64) : std::numeric_limits<uint64_t>::max();
}

/// The same for distinct rows into an empty Lowest: what the likely bound excludes needs no sorting, and where it
/// excluded too much the rows are read once more.
inline void add_first_rows(std::span<const LocalId> rows, std::span<const OriginalId> ids, PriorityKey key,
                           Lowest& lowest) {
  const auto length = static_cast<int64_t>(rows.size());
  lowest.clear();
  lowest.bound_by(likely_bound(lowest.k(), length));
  add_rows(rows, ids, key, lowest);
  if (static_cast<int64_t>(lowest.result().size()) >= std::min(lowest.k(), length)) return;
  lowest.clear();
  add_rows(rows, ids, key, lowest);
}

}  // namespace gigahop::sampler
