#include "sampler/row_lists.h"

#include "base/error.h"

namespace gigahop::sampler {

uint64_t* RowLists::add(uint64_t key, int64_t length) {
  require(length >= 1 && length <= kLongestList, "a list fits a block");
  const int64_t bytes = bytes_of(length);
  if (budget_.used_bytes + bytes > budget_.limit_bytes) return nullptr;
  budget_.used_bytes += bytes;
  own_bytes_ += bytes;
  if (4 * (size_ + 1) > 3 * entries_.size()) grow();
  if (block_used_ + length > kBlock) {
    blocks_.push_back(std::make_unique_for_overwrite<uint64_t[]>(kBlock));
    block_used_ = 0;
  }
  uint64_t* list = blocks_.back().get() + block_used_;
  block_used_ += length;
  size_t place = home_of(key);
  while (entries_[place].list != nullptr) place = (place + 1) & (entries_.size() - 1);
  entries_[place] = {key, list};
  ++size_;
  return list;
}

void RowLists::grow() {
  std::vector<Entry> old(entries_.empty() ? 64 : 2 * entries_.size());
  old.swap(entries_);
  for (const Entry& entry : old) {
    if (entry.list == nullptr) continue;
    size_t place = home_of(entry.key);
    while (entries_[place].list != nullptr) place = (place + 1) & (entries_.size() - 1);
    entries_[place] = entry;
  }
}

void RowLists::clear() {
  budget_.used_bytes -= own_bytes_;
  own_bytes_ = 0;
  size_ = 0;
  entries_ = std::vector<Entry>();
  blocks_.clear();
  block_used_ = kBlock;
}

}  // namespace gigahop::sampler
