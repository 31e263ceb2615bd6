#include "sampler/row_cache.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace gigahop::sampler {

RowCache::RowCache(int64_t capacity, int64_t row_bytes)
    : capacity_(capacity), row_bytes_(row_bytes), rows_(capacity * row_bytes) {
  require(capacity < std::numeric_limits<int32_t>::max(), "a cache has fewer than 2^31 rows");
}

std::vector<int32_t> RowCache::find(std::span<const OriginalId> ids) const {
  std::vector<int32_t> slots(ids.size(), -1);
  auto place = ids_.begin();
  for (size_t u = 0; u < ids.size() && place != ids_.end(); ++u) {
    // Steps of doubling length from the last place, then a search within the last step.
    std::ptrdiff_t step = 1;
    while (ids_.end() - place > step && place[step] < ids[u]) step *= 2;
    const auto end = ids_.end() - place > step ? place + step + 1 : ids_.end();
    place = std::lower_bound(place + step / 2, end, ids[u]);
    if (place != ids_.end() && *place == ids[u]) slots[u] = slots_[place - ids_.begin()];
  }
  return slots;
}

std::vector<int64_t> RowCache::replace(std::vector<OriginalId> ids) {
  require(static_cast<int64_t>(ids.size()) <= capacity_, "what is kept fits the cache");
  require(std::is_sorted(ids.begin(), ids.end()), "the ids of a cache ascend");
  std::vector<int32_t> slots = find(ids);
  std::vector<bool> is_taken(static_cast<size_t>(capacity_), false);
  std::vector<int64_t> fresh;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (slots[i] < 0) {
      fresh.push_back(static_cast<int64_t>(i));
    } else {
      is_taken[slots[i]] = true;
    }
  }
  int32_t slot = 0;
  for (const int64_t i : fresh) {
    while (is_taken[slot]) ++slot;
    slots[i] = slot++;
  }
  ids_ = std::move(ids);
  slots_ = std::move(slots);
  return fresh;
}

}  // namespace gigahop::sampler
