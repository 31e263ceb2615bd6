#include "partition/part_limits.h"

#include <algorithm>

namespace gigahop::partition {

PartLimits PartLimits::of_first_constraint() const {
  PartLimits first{.num_parts = num_parts, .limits = limits};
  std::fill(first.limits.begin() + 1, first.limits.end(), INT64_MAX / 4);
  return first;
}

PartLimits part_limits(std::span<const int64_t> totals, std::span<const int64_t> heaviest, int num_parts,
                       double imbalance) {
  PartLimits limits{.num_parts = num_parts, .limits = {}};
  for (size_t c = 0; c < totals.size(); ++c) {
    const auto allowed = static_cast<int64_t>((1.0 + imbalance) * static_cast<double>(totals[c]) / num_parts);
    limits.limits.push_back(std::max({allowed, (totals[c] + num_parts - 1) / num_parts, heaviest[c]}));
  }
  return limits;
}

}  // namespace gigahop::partition
