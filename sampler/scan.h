/// Priorities of many nodes, given to a Lowest: the inner loop of sampling.
///
/// Bound by reading ids at random, not by arithmetic: priorities in vector registers gained less than a tenth.
#pragma once

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

}  // namespace gigahop::sampler
