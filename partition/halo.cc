#include "partition/halo.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::partition {

void HaloSet::add(std::span<const HaloNode> nodes) {
  nodes_.insert(nodes_.end(), nodes.begin(), nodes.end());
  if (nodes_.size() >= compact_at_) compact();
}

std::vector<HaloNode> HaloSet::take() {
  compact();
  return std::exchange(nodes_, {});
}

void HaloSet::compact() {
  std::sort(nodes_.begin(), nodes_.end(), [](const HaloNode& a, const HaloNode& b) { return a.id < b.id; });
  const auto same = [](const HaloNode& a, const HaloNode& b) { return a.id == b.id; };
  nodes_.erase(std::unique(nodes_.begin(), nodes_.end(), same), nodes_.end());
  compact_at_ = std::max(compact_at_, 2 * nodes_.size());
}

LocalColumns::LocalColumns(int part, const PartRange& range, std::span<const int64_t> halo_ids)
    : owned_(range.size()), place_of_(halo_ids) {
  const int64_t num_local = owned_ + static_cast<int64_t>(halo_ids.size());
  if (num_local > INT32_MAX) {
    throw data_error(fmt::format("part {}", part), "at most 2^31-1 owned and halo nodes", std::to_string(num_local),
                     "use more parts");
  }
}

}  // namespace gigahop::partition
