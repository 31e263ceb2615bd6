#include "train/histogram.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace gigahop::train {

proto::TensorBoardHistogram histogram_of(std::span<const float> values) {
  constexpr int kBuckets = 40;
  std::vector<double> finite;
  std::ranges::copy_if(values, std::back_inserter(finite), [](float value) { return std::isfinite(value); });
  proto::TensorBoardHistogram histogram;
  if (finite.empty()) return histogram;
  const auto [low, high] = std::ranges::minmax(finite);
  const double width = (high - low) / kBuckets;
  const int num_buckets = width > 0 ? kBuckets : 1;
  std::vector<double> counts(static_cast<size_t>(num_buckets), 0);
  double sum = 0;
  double sum_squares = 0;
  for (const double value : finite) {
    const int bucket = width > 0 ? static_cast<int>((value - low) / width) : 0;
    ++counts[static_cast<size_t>(std::min(bucket, num_buckets - 1))];
    sum += value;
    sum_squares += value * value;
  }
  histogram.set_min(low);
  histogram.set_max(high);
  histogram.set_num(static_cast<double>(finite.size()));
  histogram.set_sum(sum);
  histogram.set_sum_squares(sum_squares);
  for (int i = 0; i < num_buckets; ++i) {
    histogram.add_bucket_limit(i + 1 == num_buckets ? high : low + (i + 1) * width);
    histogram.add_bucket(counts[static_cast<size_t>(i)]);
  }
  return histogram;
}

}  // namespace gigahop::train
