/// The halo of a part, and how its columns travel: from the ranks that hold its rows to the one that writes it.
///
/// A column travels as a key by which a row sorts as it will stand on disk: below 0 for a node of the part (new id -
/// end of the part), the new id itself for a halo node. So rows are sorted before they leave, may be cut anywhere, and
/// become local ids one by one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "graph/partition_folder.h"
#include "partition/place_finder.h"

namespace gigahop::partition {

struct HaloNode {
  int64_t id = 0;  // new global id
  int64_t degree = 0;
};

/// Collects halo nodes that several ranks found; each may come any number of times.
class HaloSet {
 public:
  void add(std::span<const HaloNode> nodes);
  /// All that came, ascending, each once; leaves the set empty.
  std::vector<HaloNode> take();

 private:
  void compact();

  std::vector<HaloNode> nodes_;
  size_t compact_at_ = 1 << 16;
};

/// New global ids of one part.
struct PartRange {
  int64_t first = 0;
  int64_t end = 0;

  PartRange(const graph::PartitionMap& map, int part)
      : first(map.first_node(part).value), end(first + map.num_owned(part)) {}
  bool contains(GlobalId id) const { return id.value >= first && id.value < end; }
  int64_t size() const { return end - first; }
  int64_t key(GlobalId id) const { return contains(id) ? id.value - end : id.value; }
};

/// Keys to the local ids of a shard: < owned is owned, others halo place + owned. Pure.
class LocalColumns {
 public:
  /// halo_ids: ascending; must outlive this.
  /// Errors  Error{kData} if owned and halo nodes exceed 32-bit local ids
  LocalColumns(int part, const PartRange& range, std::span<const int64_t> halo_ids);

  LocalId operator()(int64_t key) const {
    return LocalId(static_cast<int32_t>(owned_ + (key < 0 ? key : place_of_(key))));
  }
  bool is_owned(LocalId id) const { return id.value < owned_; }

 private:
  int64_t owned_;
  PlaceFinder place_of_;
};

}  // namespace gigahop::partition
