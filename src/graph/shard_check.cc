#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/shard.h"

namespace gigahop::graph {
namespace {

constexpr char kHint[] = "make the folder again with gigahop partition";

class StructureCheck {
 public:
  StructureCheck(const Shard& shard, const proto::Partition& partition)
      : shard_(shard), partition_(partition), map_(partition_map(partition)) {}

  void run() const {
    check_original_ids();
    check_halo();
    check_offsets();
    check_columns();
    check_labels();
    check_split("train.npy", shard_.train());
    check_split("valid.npy", shard_.valid());
    check_split("test.npy", shard_.test());
  }

 private:
  Error wrong(const char* file, int64_t index, std::string_view expected, int64_t found) const {
    return data_error(fmt::format("{}: entry {}", (shard_.folder() / file).string(), index), expected,
                      std::to_string(found), kHint);
  }

  /// Ascending, in [0, bound).
  template <class T>
  void check_ascending(const char* file, std::span<const T> ids, int64_t bound) const {
    int64_t previous = -1;
    for (size_t i = 0; i < ids.size(); ++i) {
      const int64_t id = ids[i].value;
      if (id <= previous || id >= bound) {
        throw wrong(file, static_cast<int64_t>(i), fmt::format("ids that ascend in [0, {})", bound), id);
      }
      previous = id;
    }
  }

  void check_original_ids() const {
    check_ascending("original_ids.npy", shard_.original_ids(), partition_.num_nodes());
  }

  void check_halo() const {
    check_ascending("halo_ids.npy", shard_.halo_ids(), partition_.num_nodes());
    const auto ids = shard_.halo_ids();
    const int64_t first = map_.first_node(shard_.part()).value;
    const auto own = std::lower_bound(ids.begin(), ids.end(), GlobalId(first));
    if (own != ids.end() && own->value < first + shard_.num_owned()) {
      throw wrong("halo_ids.npy", own - ids.begin(), "a node of another part", own->value);
    }
    const auto degrees = shard_.halo_degrees();
    const auto negative = std::find_if(degrees.begin(), degrees.end(), [](int32_t degree) { return degree < 0; });
    if (negative != degrees.end()) {
      throw wrong("degrees_halo.npy", negative - degrees.begin(), "a degree >= 0", *negative);
    }
  }

  void check_offsets() const {
    const auto offsets = shard_.edges().row_offsets;
    if (offsets.front() != 0) throw wrong("row_offsets.npy", 0, "0", offsets.front());
    const auto descent = std::is_sorted_until(offsets.begin(), offsets.end());
    if (descent != offsets.end()) {
      throw wrong("row_offsets.npy", descent - offsets.begin(), "offsets that ascend", *descent);
    }
    if (offsets.back() != shard_.num_edges()) {
      throw wrong("row_offsets.npy", shard_.num_owned(), fmt::format("{}, the number of edges", shard_.num_edges()),
                  offsets.back());
    }
  }

  void check_columns() const {
    const CsrView<LocalId> edges = shard_.edges();
    const int64_t bound = shard_.num_owned() + shard_.num_halo();
    std::vector<bool> is_neighbour(static_cast<size_t>(shard_.num_halo()));
    for (int64_t row = 0; row < edges.num_rows(); ++row) {
      int64_t previous = -1;
      for (const LocalId& column : edges.neighbours(row)) {
        if (column.value <= previous || column.value >= bound || column.value == row) {
          throw wrong("column_ids.npy", &column - edges.column_ids.data(),
                      fmt::format("neighbours of row {} that ascend in [0, {})", row, bound), column.value);
        }
        previous = column.value;
        if (previous >= shard_.num_owned()) is_neighbour[static_cast<size_t>(previous - shard_.num_owned())] = true;
      }
    }
    const auto idle = std::find(is_neighbour.begin(), is_neighbour.end(), false);
    if (idle == is_neighbour.end()) return;
    const int64_t place = idle - is_neighbour.begin();
    throw wrong("halo_ids.npy", place, "a neighbour of an owned node", shard_.halo_ids()[place].value);
  }

  void check_labels() const {
    const auto labels = shard_.labels();
    const auto bad = std::find_if(labels.begin(), labels.end(),
                                  [&](int64_t label) { return label < -1 || label >= partition_.num_classes(); });
    if (bad == labels.end()) return;
    throw wrong("labels.npy", bad - labels.begin(), fmt::format("a label in [0, {}), or -1", partition_.num_classes()),
                *bad);
  }

  void check_split(const char* file, std::span<const LocalId> split) const {
    check_ascending(file, split, shard_.num_owned());
    const auto labels = shard_.labels();
    if (labels.empty()) return;
    const auto bare = std::find_if(split.begin(), split.end(), [&](LocalId node) { return labels[node.value] < 0; });
    if (bare != split.end()) throw wrong(file, bare - split.begin(), "a labelled node", bare->value);
  }

  const Shard& shard_;
  const proto::Partition& partition_;
  PartitionMap map_;
};

}  // namespace

void check_structure(const Shard& shard, const proto::Partition& partition) {
  StructureCheck(shard, partition).run();
}

}  // namespace gigahop::graph
