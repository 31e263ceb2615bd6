#include "partition/hash_partition.h"

#include "base/random.h"

namespace gigahop::partition {

std::vector<int32_t> hash_partition(int64_t first_node, int64_t count, int num_parts, uint64_t seed) {
  const uint64_t key = random_bits({seed}, Purpose::kPartition, 0, 0, 0);
  std::vector<int32_t> parts;
  parts.reserve(static_cast<size_t>(count));
  for (int64_t node = first_node; node < first_node + count; ++node) {
    const uint64_t hash = scatter(key + static_cast<uint64_t>(node));
    parts.push_back(static_cast<int32_t>(hash % static_cast<uint64_t>(num_parts)));
  }
  return parts;
}

}  // namespace gigahop::partition
