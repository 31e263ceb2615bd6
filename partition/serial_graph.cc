#include "partition/serial_graph.h"

#include <algorithm>

namespace gigahop::partition {

PartLimits SerialGraph::limits(int num_parts, double imbalance) const {
  std::vector<int64_t> totals(static_cast<size_t>(num_constraints));
  std::vector<int64_t> heaviest(totals.size());
  for (int64_t node = 0; node < num_nodes(); ++node) {
    for (size_t c = 0; c < totals.size(); ++c) {
      totals[c] += weights(node)[c];
      heaviest[c] = std::max(heaviest[c], weights(node)[c]);
    }
  }
  return part_limits(totals, heaviest, num_parts, imbalance);
}

}  // namespace gigahop::partition
