#include "sampler/row_lists.h"

#include <algorithm>

#include "base/error.h"

namespace gigahop::sampler {

uint64_t* RowLists::add(uint64_t key, int64_t length) {
  require(length >= 1 && length <= kLongestList, "a list fits a block");
  if (4 * (size_ + 1) > 3 * entries_.size() && !grow()) return nullptr;
  if (block_used_ + length > block_size_ && !add_block()) return nullptr;
  uint64_t* list = blocks_.back().get() + block_used_;
  block_used_ += length;
  size_t place = home_of(key);
  while (entries_[place].list != nullptr) place = (place + 1) & (entries_.size() - 1);
  entries_[place] = {key, list};
  ++size_;
  return list;
}

bool RowLists::take(int64_t bytes) {
  if (budget_.used_bytes + bytes > budget_.limit_bytes) return false;
  budget_.used_bytes += bytes;
  own_bytes_ += bytes;
  return true;
}

bool RowLists::grow() {
  const size_t size = std::max(kLeastEntries, 2 * entries_.size());
  if (!take(static_cast<int64_t>(size * sizeof(Entry)))) return false;
  std::vector<Entry> old(size);
  old.swap(entries_);
  for (const Entry& entry : old) {
    if (entry.list == nullptr) continue;
    size_t place = home_of(entry.key);
    while (entries_[place].list != nullptr) place = (place + 1) & (entries_.size() - 1);
    entries_[place] = entry;
  }
  take(-static_cast<int64_t>(old.size() * sizeof(Entry)));
  return true;
}

/// Twice the last one, so that few lists take little.
bool RowLists::add_block() {
  const int64_t size = std::clamp(2 * block_size_, kLongestList, kBlock);
  if (!take(8 * size)) return false;
  blocks_.push_back(std::make_unique_for_overwrite<uint64_t[]>(static_cast<size_t>(size)));
  block_size_ = size;
  block_used_ = 0;
  return true;
}

void RowLists::clear() {
  budget_.used_bytes -= own_bytes_;
  own_bytes_ = 0;
  size_ = 0;
  entries_ = std::vector<Entry>();
  blocks_.clear();
  block_used_ = 0;
  block_size_ = 0;
}

}  // namespace gigahop::sampler
