/// Places in an ascending list of ids: a table of where each of many equal ranges of ids begins, then binary search.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace gigahop::partition {

class PlaceFinder {
 public:
  /// ids: ascending, >= 0; must outlive this.
  explicit PlaceFinder(std::span<const int64_t> ids) : ids_(ids) {
    if (ids.empty()) return;
    while (ids.back() >> shift_ >= kRanges) ++shift_;
    starts_.resize(kRanges + 1);
    for (const int64_t id : ids) ++starts_[static_cast<size_t>((id >> shift_) + 1)];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  }

  /// Place of an id that is in the list.
  int64_t operator()(int64_t id) const {
    const auto range = static_cast<size_t>(id >> shift_);
    const auto first = ids_.begin() + starts_[range];
    const auto last = ids_.begin() + starts_[range + 1];
    return std::lower_bound(first, last, id) - ids_.begin();
  }

 private:
  static constexpr int64_t kRanges = 1 << 16;
  std::span<const int64_t> ids_;
  int shift_ = 0;
  std::vector<int64_t> starts_;
};

}  // namespace gigahop::partition
