#include "dataset/label_quantiles.h"

#include <algorithm>
#include <cmath>

namespace gigahop::dataset {
namespace {

/// sorted: not empty.
double quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<int64_t> label_by_quantiles(std::span<const double> values, int64_t num_classes) {
  std::vector<double> sorted;
  std::ranges::copy_if(values, std::back_inserter(sorted), [](double value) { return !std::isnan(value); });
  std::ranges::sort(sorted);
  std::vector<double> bounds;
  for (int64_t k = 1; k < num_classes && !sorted.empty(); ++k) {
    bounds.push_back(quantile(sorted, static_cast<double>(k) / static_cast<double>(num_classes)));
  }
  std::vector<int64_t> labels;
  for (const double value : values) {
    labels.push_back(std::isnan(value) ? -1 : std::ranges::upper_bound(bounds, value) - bounds.begin());
  }
  return labels;
}

}  // namespace gigahop::dataset
