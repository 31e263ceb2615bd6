/// The k lowest distinct numbers of a stream, in any order of arrival.
///
/// The idea: a buffer of 4 k, and a bound that no number above it can still matter. When the buffer is full it is
/// sorted, repeats dropped, cut to k, and the bound falls to the k-th. Most of a long stream then costs one comparison
/// each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace gigahop::sampler {

class Lowest {
 public:
  explicit Lowest(int64_t k) : k_(static_cast<size_t>(k)), values_(std::max<size_t>(4 * k_, 64)) {}

  int64_t k() const { return static_cast<int64_t>(k_); }
  void clear() {
    size_ = 0;
    bound_ = std::numeric_limits<uint64_t>::max();
  }
  void add(uint64_t value) {
    if (value <= bound_) push(value);
  }
  void add_ascending(std::span<const uint64_t> values) {
    for (const uint64_t value : values) {
      if (value > bound_) return;
      push(value);
    }
  }
  /// For who knows that the stream holds k distinct numbers up to this one.
  void bound_by(uint64_t value) { bound_ = std::min(bound_, value); }

  /// What there is so far, at most k, ascending; valid until the next call. More may be added later.
  std::span<const uint64_t> result() {
    compact();
    return {values_.data(), size_};
  }

 private:
  void push(uint64_t value) {
    if (size_ == values_.size()) {
      compact();
      if (value > bound_) return;
    }
    values_[size_++] = value;
  }
  void compact() {
    const auto begin = values_.begin();
    std::sort(begin, begin + static_cast<std::ptrdiff_t>(size_));
    size_ = static_cast<size_t>(std::unique(begin, begin + static_cast<std::ptrdiff_t>(size_)) - begin);
    if (size_ < k_) return;
    size_ = k_;
    bound_by(values_[k_ - 1]);
  }

  size_t k_;
  size_t size_ = 0;
  uint64_t bound_ = std::numeric_limits<uint64_t>::max();
  std::vector<uint64_t> values_;
};

/// The k lowest so far of many streams that are read a piece at a time.
class LowestOfMany {
 public:
  LowestOfMany(int64_t num_streams, int64_t k)
      : k_(k), lengths_(static_cast<size_t>(num_streams)), values_(static_cast<size_t>(num_streams * k)) {}

  /// What `lowest` holds becomes that of the stream; more may be added, then stored.
  void load(int64_t stream, Lowest& lowest) const {
    lowest.clear();
    lowest.add_ascending(of(stream));
    if (lengths_[stream] == k_) lowest.bound_by(of(stream).back());
  }
  void store(int64_t stream, Lowest& lowest) {
    const auto found = lowest.result();
    lengths_[stream] = static_cast<int32_t>(found.size());
    std::ranges::copy(found, values_.begin() + stream * k_);
  }
  /// Ascending, at most k.
  std::span<const uint64_t> of(int64_t stream) const {
    return {values_.data() + stream * k_, static_cast<size_t>(lengths_[stream])};
  }

 private:
  int64_t k_;
  std::vector<int32_t> lengths_;  // [streams]
  std::vector<uint64_t> values_;  // [streams, k]
};

}  // namespace gigahop::sampler
