/// The three ways to name a node, as three types that do not mix.
///
///   OriginalId  position in the dataset; seen by people, in import, export and messages
///   GlobalId    renumbered so that part p owns the contiguous range [part_offsets[p], part_offsets[p + 1])
///   LocalId     row in one shard or in one rank's graph: owned nodes first, then halo
///
/// Each is a bare integer in memory, so arrays of ids are read from .npy files without a copy.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace gigahop {

template <class Tag, class Value>
struct Id {
  using value_type = Value;

  constexpr Id() = default;
  constexpr explicit Id(Value v) : value(v) {}

  constexpr auto operator<=>(const Id&) const = default;
  constexpr Id& operator++() {
    ++value;
    return *this;
  }

  Value value = 0;
};

using OriginalId = Id<struct OriginalIdTag, int64_t>;
using GlobalId = Id<struct GlobalIdTag, int64_t>;
using LocalId = Id<struct LocalIdTag, int32_t>;

static_assert(sizeof(OriginalId) == sizeof(int64_t) && sizeof(LocalId) == sizeof(int32_t));

}  // namespace gigahop

template <class Tag, class Value>
struct std::hash<gigahop::Id<Tag, Value>> {
  size_t operator()(const gigahop::Id<Tag, Value>& id) const { return std::hash<Value>()(id.value); }
};
