#include "partition/verify.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "array/manifest.h"
#include "base/error.h"
#include "graph/dataset_folder.h"
#include "graph/partition_folder.h"
#include "graph/shard.h"

namespace gigahop::partition {
namespace fs = std::filesystem;
namespace {

constexpr char kHint[] = "make the folder again with gigahop partition";
constexpr double kFigureTolerance = 1e-9;

using Entry = std::pair<int64_t, int64_t>;  // row and column, original ids

/// A partition folder read whole: its manifest, its shards, and all adjacency entries in original ids.
class Verifier {
 public:
  explicit Verifier(const fs::path& folder) : folder_(folder), partition_(graph::read_partition_manifest(folder)) {
    array::verify_seal(manifest_place());
    array::verify_records(folder, partition_.arrays(), array::Verify::kChecksum);
    for (int part = 0; part < partition_.num_parts(); ++part) {
      shards_.emplace_back(folder, partition_, part, array::Verify::kChecksum);
      array::verify_seal(shards_.back().folder() / graph::kShardManifest);
      array::verify_records(shards_.back().folder(), shards_.back().manifest().arrays(), array::Verify::kChecksum);
      graph::check_structure(shards_.back(), partition_);
    }
  }

  void run() {
    check_ownership();
    collect_entries();
    check_symmetry();
    check_halo_degrees();
    check_splits();
    check_summaries();
    check_quotient();
    check_quality();
  }

  void check_against(const fs::path& dataset_folder) {
    const graph::DatasetFolder dataset(dataset_folder, array::Verify::kChecksum);
    expect_equal(manifest_place(), "graph_fingerprint", static_cast<int64_t>(dataset.fingerprint()),
                 static_cast<int64_t>(partition_.graph_fingerprint()));
    check_graph(dataset);
    for (const graph::Shard& shard : shards_) {
      check_labels(dataset, shard);
      if (array::find_record(shard.manifest().arrays(), "features.npy") != nullptr) {
        check_rows(dataset.features(), shard.features(), shard.original_ids());
      }
      if (dataset.has_positional()) {
        check_rows(dataset.positional(), shard.positional_input(), shard.original_ids());
      }
    }
    check_split("train.npy", dataset.train(), [](const graph::Shard& shard) { return shard.train(); });
    check_split("valid.npy", dataset.valid(), [](const graph::Shard& shard) { return shard.valid(); });
    check_split("test.npy", dataset.test(), [](const graph::Shard& shard) { return shard.test(); });
  }

 private:
  std::string manifest_place() const { return (folder_ / graph::kPartitionManifest).string(); }

  static void expect_equal(const std::string& place, std::string_view what, int64_t expected, int64_t found) {
    if (expected == found) return;
    throw data_error(place, fmt::format("{} {}", what, expected), std::to_string(found), kHint);
  }

  void check_ownership() {
    const auto map = graph::partition_map(partition_);
    const array::NpyArray stored = array::open_array(folder_, partition_.arrays(), "part_of_node.npy");
    stored.expect_shape({partition_.num_nodes()});
    const auto part_of_node = stored.values<int32_t>();
    original_of_new_.assign(static_cast<size_t>(partition_.num_nodes()), -1);
    std::vector<bool> is_owned(original_of_new_.size());
    for (const graph::Shard& shard : shards_) {
      int64_t new_id = map.first_node(shard.part()).value;
      for (const OriginalId original : shard.original_ids()) {
        const auto node = static_cast<size_t>(original.value);
        const std::string place = (shard.folder() / "original_ids.npy").string();
        if (is_owned[node]) {
          throw data_error(place, "nodes of no other part", fmt::format("node {} again", original.value), kHint);
        }
        is_owned[node] = true;
        expect_equal(place, fmt::format("part of node {} in part_of_node.npy", node), shard.part(), part_of_node[node]);
        original_of_new_[static_cast<size_t>(new_id++)] = original.value;
      }
    }
  }

  int64_t original_of(const graph::Shard& shard, LocalId local) const {
    if (local.value < shard.num_owned()) return shard.original_ids()[static_cast<size_t>(local.value)].value;
    const GlobalId halo = shard.halo_ids()[static_cast<size_t>(local.value - shard.num_owned())];
    return original_of_new_[static_cast<size_t>(halo.value)];
  }

  void collect_entries() {
    degree_of_new_.clear();
    for (const graph::Shard& shard : shards_) {
      const auto edges = shard.edges();
      for (int64_t row = 0; row < edges.num_rows(); ++row) {
        degree_of_new_.push_back(edges.degree(row));
        const int64_t from = shard.original_ids()[static_cast<size_t>(row)].value;
        for (const LocalId column : edges.neighbours(row)) entries_.emplace_back(from, original_of(shard, column));
      }
    }
    std::sort(entries_.begin(), entries_.end());
  }

  void check_symmetry() const {
    if (partition_.directed()) return;
    for (const auto& [row, column] : entries_) {
      if (std::binary_search(entries_.begin(), entries_.end(), Entry(column, row))) continue;
      throw data_error(folder_.string(), fmt::format("an edge from node {} back to node {}", column, row), "none",
                       kHint);
    }
  }

  void check_halo_degrees() const {
    for (const graph::Shard& shard : shards_) {
      for (size_t place = 0; place < shard.halo_ids().size(); ++place) {
        const auto id = static_cast<size_t>(shard.halo_ids()[place].value);
        expect_equal((shard.folder() / "degrees_halo.npy").string(), fmt::format("degree of halo node {}", place),
                     degree_of_new_[id], shard.halo_degrees()[place]);
      }
    }
  }

  void check_splits() const {
    int64_t num_valid = 0;
    int64_t num_test = 0;
    for (const graph::Shard& shard : shards_) {
      std::vector<int32_t> nodes;
      for (const auto split : {shard.train(), shard.valid(), shard.test()}) {
        for (const LocalId id : split) nodes.push_back(id.value);
      }
      std::sort(nodes.begin(), nodes.end());
      const auto twice = std::adjacent_find(nodes.begin(), nodes.end());
      if (twice != nodes.end()) {
        throw data_error(shard.folder().string(), "each node in one split", fmt::format("row {} in two", *twice),
                         kHint);
      }
      num_valid += static_cast<int64_t>(shard.valid().size());
      num_test += static_cast<int64_t>(shard.test().size());
    }
    expect_equal(manifest_place(), "num_valid", num_valid, partition_.num_valid());
    expect_equal(manifest_place(), "num_test", num_test, partition_.num_test());
  }

  void check_summaries() const {
    for (const graph::Shard& shard : shards_) {
      const proto::PartSummary& summary = partition_.parts(shard.part());
      expect_equal(manifest_place(), "num_train", static_cast<int64_t>(shard.train().size()), summary.num_train());
      expect_equal(manifest_place(), "num_owned", static_cast<int64_t>(shard.original_ids().size()),
                   summary.num_owned());
    }
    expect_equal(manifest_place(), "num_edges", static_cast<int64_t>(entries_.size()), partition_.num_edges());
  }

  void check_quotient() const {
    const auto map = graph::partition_map(partition_);
    std::map<std::pair<int, int>, int64_t> expected;
    for (const graph::Shard& shard : shards_) {
      for (const GlobalId id : shard.halo_ids()) ++expected[std::minmax({shard.part(), map.owner(id)})];
    }
    std::map<std::pair<int, int>, int64_t> found;
    for (const proto::QuotientEdge& edge : partition_.quotient()) found[{edge.a(), edge.b()}] += edge.weight();
    if (expected == found) return;
    throw data_error(manifest_place(), "a quotient graph that counts the halo of the shards", "another", kHint);
  }

  template <class Count>
  double balance(const Count& count) const {
    int64_t largest = 0;
    int64_t total = 0;
    for (const proto::PartSummary& part : partition_.parts()) {
      largest = std::max(largest, count(part));
      total += count(part);
    }
    return total == 0 ? 1.0 : static_cast<double>(largest) / (static_cast<double>(total) / partition_.num_parts());
  }

  void expect_figure(const char* what, double expected, double found) const {
    if (std::abs(expected - found) <= kFigureTolerance * std::max(1.0, std::abs(expected))) return;
    throw data_error(manifest_place(), fmt::format("quality.{} {}", what, expected), std::to_string(found), kHint);
  }

  void check_quality() const {
    int64_t cut = 0;
    int64_t volume = 0;
    for (const graph::Shard& shard : shards_) {
      volume += shard.num_halo();
      for (const LocalId column : shard.edges().column_ids) cut += column.value >= shard.num_owned() ? 1 : 0;
    }
    const proto::Quality& quality = partition_.quality();
    const auto num_edges = static_cast<double>(std::max<size_t>(1, entries_.size()));
    expect_equal(manifest_place(), "quality.cut_edges", cut, quality.cut_edges());
    expect_equal(manifest_place(), "quality.communication_volume", volume, quality.communication_volume());
    expect_figure("cut_share", static_cast<double>(cut) / num_edges, quality.cut_share());
    expect_figure("halo_share", static_cast<double>(volume) / static_cast<double>(partition_.num_nodes()),
                  quality.halo_share());
    expect_figure("node_balance", balance([](const auto& part) { return part.num_owned(); }), quality.node_balance());
    expect_figure("edge_balance", balance([](const auto& part) { return part.num_edges(); }), quality.edge_balance());
    expect_figure("train_balance", balance([](const auto& part) { return part.num_train(); }), quality.train_balance());
  }

  void check_graph(const graph::DatasetFolder& dataset) const {
    const auto num_edges = static_cast<size_t>(dataset.manifest().num_edges());
    std::vector<int64_t> sources(num_edges);
    std::vector<int64_t> targets(num_edges);
    dataset.read_edges(0, dataset.manifest().num_edges(), sources, targets);
    std::vector<Entry> expected;
    for (size_t edge = 0; edge < num_edges; ++edge) {
      if (sources[edge] == targets[edge]) continue;
      expected.emplace_back(sources[edge], targets[edge]);
      if (!partition_.directed()) expected.emplace_back(targets[edge], sources[edge]);
    }
    std::sort(expected.begin(), expected.end());
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    if (expected == entries_) return;
    throw data_error(folder_.string(), fmt::format("the {} adjacency entries of the dataset", expected.size()),
                     fmt::format("{} others", entries_.size()), kHint);
  }

  void check_labels(const graph::DatasetFolder& dataset, const graph::Shard& shard) const {
    if (!dataset.has_labels()) return;
    for (size_t row = 0; row < shard.labels().size(); ++row) {
      const auto node = static_cast<size_t>(shard.original_ids()[row].value);
      expect_equal((shard.folder() / "labels.npy").string(), fmt::format("label of node {}", node),
                   dataset.labels()[node], shard.labels()[row]);
    }
  }

  /// Row i of the shard's array is row original_ids[i] of the dataset's, byte by byte.
  static void check_rows(const array::NpyArray& whole, const array::NpyArray& rows,
                         std::span<const OriginalId> original_ids) {
    rows.expect_dtype(whole.dtype());
    const auto row_bytes = static_cast<size_t>(whole.row_elements() * array::bytes_of(whole.dtype()));
    for (size_t row = 0; row < original_ids.size(); ++row) {
      const auto expected = whole.bytes().subspan(static_cast<size_t>(original_ids[row].value) * row_bytes, row_bytes);
      const auto found = rows.bytes().subspan(row * row_bytes, row_bytes);
      if (std::equal(expected.begin(), expected.end(), found.begin())) continue;
      throw data_error(fmt::format("{}: row {}", rows.path().string(), row),
                       fmt::format("row {} of {}", original_ids[row].value, whole.path().string()), "another", kHint);
    }
  }

  template <class SplitOf>
  void check_split(const char* file, std::span<const OriginalId> split, const SplitOf& split_of) const {
    std::vector<OriginalId> expected(split.begin(), split.end());
    std::vector<OriginalId> found;
    for (const graph::Shard& shard : shards_) {
      for (const LocalId id : split_of(shard)) found.push_back(shard.original_ids()[static_cast<size_t>(id.value)]);
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    if (expected == found) return;
    throw data_error(folder_.string(), fmt::format("{} nodes of the dataset's {}", expected.size(), file),
                     fmt::format("{} others", found.size()), kHint);
  }

  fs::path folder_;
  proto::Partition partition_;
  std::vector<graph::Shard> shards_;
  std::vector<int64_t> original_of_new_;
  std::vector<int64_t> degree_of_new_;
  std::vector<Entry> entries_;
};

}  // namespace

void verify_partition(const fs::path& partition_folder) {
  Verifier(partition_folder).run();
}

void verify_partition_of(const fs::path& partition_folder, const fs::path& dataset_folder) {
  Verifier verifier(partition_folder);
  verifier.run();
  verifier.check_against(dataset_folder);
}

}  // namespace gigahop::partition
