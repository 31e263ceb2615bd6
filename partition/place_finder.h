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

  /// Place of an id; -1 if it is not in the list.
  int64_t operator()(int64_t id) const {
    const int64_t range = id >> shift_;
    if (starts_.empty() || range >= kRanges) return -1;
    const auto last = ids_.begin() + starts_[static_cast<size_t>(range) + 1];
    const auto found = std::lower_bound(ids_.begin() + starts_[static_cast<size_t>(range)], last, id);
    return found != last && *found == id ? found - ids_.begin() : -1;
  }

 private:
  static constexpr int64_t kRanges = 1 << 16;
  std::span<const int64_t> ids_;
  int shift_ = 0;
  std::vector<int64_t> starts_;
};

}  // namespace gigahop::partition
