/// Node ids of anywhere to dense numbers 0, 1, 2, ...: open addressing, so that arrays can stand where a map would.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace gigahop::partition {

class IdSlots {
 public:
  IdSlots() : table_(16, kFree) {}

  int64_t size() const { return static_cast<int64_t>(ids_.size()); }
  std::span<const int64_t> ids() const { return ids_; }
  int64_t id(int64_t slot) const { return ids_[static_cast<size_t>(slot)]; }
  /// The slot of the id; a new one if it has none yet.
  int32_t add(int64_t id) {
    size_t place = find(id);
    if (table_[place] == kFree) {
      if (2 * (ids_.size() + 1) > table_.size()) {
        grow();
        place = find(id);
      }
      table_[place] = static_cast<int32_t>(ids_.size());
      ids_.push_back(id);
    }
    return table_[place];
  }

 private:
  static constexpr int32_t kFree = -1;

  size_t find(int64_t id) const {
    const size_t mask = table_.size() - 1;
    size_t place = static_cast<size_t>(scatter(static_cast<uint64_t>(id) + 1)) & mask;
    while (table_[place] != kFree && ids_[static_cast<size_t>(table_[place])] != id) place = (place + 1) & mask;
    return place;
  }

  void grow() {
    table_.assign(2 * table_.size(), kFree);
    for (size_t slot = 0; slot < ids_.size(); ++slot) table_[find(ids_[slot])] = static_cast<int32_t>(slot);
  }

  std::vector<int64_t> ids_;
  std::vector<int32_t> table_;  // a power of two, at most half full
};

}  // namespace gigahop::partition
