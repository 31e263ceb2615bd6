/// Parts without looking at edges: every node to a part by a hash of its original id. The base line of every
/// comparison.
#pragma once

#include <cstdint>
#include <vector>

namespace gigahop::partition {

/// [count] parts of nodes first_node, first_node + 1, ... Pure.
std::vector<int32_t> hash_partition(int64_t first_node, int64_t count, int num_parts, uint64_t seed);

}  // namespace gigahop::partition
