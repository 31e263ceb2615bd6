/// Lists of numbers found by a key, kept as far as a budget goes.
///
/// The idea: an open-addressing table of (key, list) over blocks of memory, so lists never move and nothing is copied
/// as they become many. Tables and blocks count against the budget as they are allocated, a table that grows together
/// with the one it replaces. What finds no room is told so: whoever asks makes that list again when it is needed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"

namespace gigahop::sampler {

/// Bytes that several RowLists share.
struct ListBudget {
  int64_t limit_bytes = 0;
  int64_t used_bytes = 0;
};

/// For one writer at a time; find() may run in many threads while nobody writes.
class RowLists {
 public:
  /// What a list comes to, for forecasts: its numbers, and its share of the table, which is at least three eighths
  /// full.
  static int64_t bytes_of(int64_t length) { return 8 * length + 43; }

  /// The budget must outlive it; what is kept is given back to it at the end.
  explicit RowLists(ListBudget& budget) : budget_(budget) {}
  ~RowLists() { clear(); }
  RowLists(const RowLists&) = delete;
  RowLists& operator=(const RowLists&) = delete;

  /// Null where there is none. How long it is, who asks knows.
  const uint64_t* find(uint64_t key) const {
    if (entries_.empty()) return nullptr;
    size_t place = home_of(key);
    while (entries_[place].list != nullptr && entries_[place].key != key) place = (place + 1) & (entries_.size() - 1);
    return entries_[place].list;
  }
  /// Brings the place where find(key) begins into the cache.
  void prefetch(uint64_t key) const {
    if (!entries_.empty()) __builtin_prefetch(&entries_[home_of(key)]);
  }
  /// Room for a list of 1 to kLongestList numbers whose key is not there yet, to be written by the caller; null where
  /// the budget does not allow it.
  uint64_t* add(uint64_t key, int64_t length);
  /// Forgets all lists and gives their memory back.
  void clear();

  static constexpr int64_t kLongestList = int64_t{1} << 13;
  static constexpr int64_t kBlockBytes = 32 * kLongestList;  // at most, allocated at once

 private:
  static constexpr int64_t kBlock = kBlockBytes / 8;
  static constexpr size_t kLeastEntries = 64;
  struct Entry {
    uint64_t key = 0;
    uint64_t* list = nullptr;
  };
  size_t home_of(uint64_t key) const { return scatter(key) & (entries_.size() - 1); }
  bool take(int64_t bytes);
  bool grow();
  bool add_block();

  ListBudget& budget_;
  int64_t own_bytes_ = 0;
  size_t size_ = 0;
  std::vector<Entry> entries_;  // a power of two
  std::vector<std::unique_ptr<uint64_t[]>> blocks_;
  int64_t block_used_ = 0;
  int64_t block_size_ = 0;  // of the last block
};

}  // namespace gigahop::sampler
