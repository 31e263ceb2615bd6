#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "array/manifest.h"
#include "array/npy.h"
#include "base/files.h"
#include "graph/partition_folder.h"
#include "support/tiny_graphs.h"

namespace gigahop::tests {
namespace fs = std::filesystem;
namespace {

struct Numbering {
  std::vector<int64_t> part_offsets;
  std::vector<int64_t> global_of_original;
  std::vector<int64_t> original_of_global;
};

Numbering number_nodes(const PartitionInput& input) {
  Numbering numbering;
  numbering.global_of_original.resize(static_cast<size_t>(input.graph.num_nodes));
  numbering.part_offsets.push_back(0);
  for (int part = 0; part < input.num_parts; ++part) {
    for (int64_t v = 0; v < input.graph.num_nodes; ++v) {
      if (input.part_of_node[static_cast<size_t>(v)] != part) continue;
      numbering.global_of_original[static_cast<size_t>(v)] = static_cast<int64_t>(numbering.original_of_global.size());
      numbering.original_of_global.push_back(v);
    }
    numbering.part_offsets.push_back(static_cast<int64_t>(numbering.original_of_global.size()));
  }
  return numbering;
}

std::vector<float> hop_features(const PartitionInput& input) {
  const auto n = static_cast<size_t>(input.graph.num_nodes);
  const auto width = static_cast<size_t>(input.feature_width);
  const std::vector<double> matrix = dense_normalised_adjacency(input.graph, input.direction);
  std::vector<double> hop(input.features.begin(), input.features.end());
  std::vector<float> tokens(n * 3 * width);
  for (size_t h = 0; h < 3; ++h) {
    std::vector<double> next(n * width, 0.0);
    for (size_t v = 0; v < n; ++v) {
      for (size_t f = 0; f < width; ++f) {
        tokens[(v * 3 + h) * width + f] = static_cast<float>(hop[v * width + f]);
        for (size_t w = 0; w < n; ++w) next[v * width + f] += matrix[v * n + w] * hop[w * width + f];
      }
    }
    hop = next;
  }
  return tokens;
}

/// One part: its sets, then its files.
class ShardWriter {
 public:
  ShardWriter(const fs::path& folder, const PartitionInput& input, const Numbering& numbering, int part)
      : folder_(graph::part_folder(folder, part)), input_(input), numbering_(numbering), part_(part) {
    const auto begin = numbering.original_of_global.begin();
    owned_.assign(begin + numbering.part_offsets[part], begin + numbering.part_offsets[part + 1]);
  }

  void write(const std::vector<std::vector<int64_t>>& rows, const std::vector<float>& tokens, uint64_t fingerprint) {
    make_folders(folder_);
    write_structure(rows);
    if (input_.feature_width > 0) write_rows("features.npy", input_.features, {input_.feature_width});
    if (has_positional()) write_rows("positional_input.npy", input_.positional, {input_.positional_width});
    if (input_.num_classes > 0) write_rows("labels.npy", input_.labels, {});
    num_train_ = write_split("train.npy", input_.train);
    write_split("valid.npy", input_.valid);
    write_split("test.npy", input_.test);
    if (input_.encoded == Encoded::kYes) write_encoding(tokens);
    shard_.set_format_version(graph::kPartitionFormatVersion);
    shard_.set_part(part_);
    shard_.set_num_owned(static_cast<int64_t>(owned_.size()));
    shard_.set_num_halo(static_cast<int64_t>(halo_.size()));
    shard_.set_graph_fingerprint(fingerprint);
    array::write_text_proto(folder_ / graph::kShardManifest, shard_);
  }

  void summarise(proto::PartSummary& summary) const {
    summary.set_num_owned(shard_.num_owned());
    summary.set_num_halo(shard_.num_halo());
    summary.set_num_edges(shard_.num_edges());
    summary.set_num_train(num_train_);
  }

  const std::vector<int64_t>& halo() const { return halo_; }

 private:
  bool has_positional() const { return input_.positional_width > 0; }

  template <class T>
  void add(const char* file, const std::vector<T>& values, std::vector<int64_t> shape) {
    array::add_record(*shard_.mutable_arrays(), array::write_npy<T>(folder_ / file, values, std::move(shape)));
  }

  void write_structure(const std::vector<std::vector<int64_t>>& rows) {
    std::map<int64_t, int32_t> local_of_global;
    for (size_t i = 0; i < owned_.size(); ++i) {
      local_of_global[numbering_.part_offsets[part_] + static_cast<int64_t>(i)] = static_cast<int32_t>(i);
    }
    std::set<int64_t> halo;
    for (const int64_t v : owned_) {
      for (const int64_t w : rows[static_cast<size_t>(v)]) {
        const int64_t global = numbering_.global_of_original[static_cast<size_t>(w)];
        if (local_of_global.count(global) == 0) halo.insert(global);
      }
    }
    halo_.assign(halo.begin(), halo.end());
    std::vector<int32_t> degrees;
    for (size_t place = 0; place < halo_.size(); ++place) {
      local_of_global[halo_[place]] = static_cast<int32_t>(owned_.size() + place);
      const int64_t original = numbering_.original_of_global[static_cast<size_t>(halo_[place])];
      degrees.push_back(static_cast<int32_t>(rows[static_cast<size_t>(original)].size()));
    }
    std::vector<int64_t> offsets = {0};
    std::vector<int32_t> columns;
    for (const int64_t v : owned_) {
      for (const int64_t w : rows[static_cast<size_t>(v)]) {
        columns.push_back(local_of_global.at(numbering_.global_of_original[static_cast<size_t>(w)]));
      }
      std::sort(columns.begin() + offsets.back(), columns.end());
      offsets.push_back(static_cast<int64_t>(columns.size()));
    }
    shard_.set_num_edges(offsets.back());
    add("original_ids.npy", owned_, {static_cast<int64_t>(owned_.size())});
    add("halo_ids.npy", halo_, {static_cast<int64_t>(halo_.size())});
    add("row_offsets.npy", offsets, {static_cast<int64_t>(offsets.size())});
    add("column_ids.npy", columns, {static_cast<int64_t>(columns.size())});
    add("degrees_halo.npy", degrees, {static_cast<int64_t>(degrees.size())});
  }

  /// The owned rows of an array over all nodes; `shape` is that of one row.
  template <class T>
  void write_rows(const char* file, const std::vector<T>& all, std::vector<int64_t> shape) {
    int64_t row = 1;
    for (const int64_t extent : shape) row *= extent;
    std::vector<T> mine;
    for (const int64_t v : owned_) mine.insert(mine.end(), all.begin() + v * row, all.begin() + (v + 1) * row);
    shape.insert(shape.begin(), static_cast<int64_t>(owned_.size()));
    add(file, mine, shape);
  }

  int64_t write_split(const char* file, const std::vector<int64_t>& split) {
    const std::set<int64_t> members(split.begin(), split.end());
    std::vector<int32_t> local;
    for (size_t i = 0; i < owned_.size(); ++i) {
      if (members.count(owned_[i]) > 0) local.push_back(static_cast<int32_t>(i));
    }
    add(file, local, {static_cast<int64_t>(local.size())});
    return static_cast<int64_t>(local.size());
  }

  void write_encoding(const std::vector<float>& tokens) {
    if (input_.feature_width > 0) write_rows("tokens.npy", tokens, {3, input_.feature_width});
    if (has_positional()) write_rows("positional.npy", input_.positional, {input_.positional_width});
    proto::Encoding& encoding = *shard_.mutable_encoding();
    encoding.set_positional_method("FILE");
    encoding.set_positional_width(static_cast<int32_t>(input_.positional_width));
    encoding.set_token_dtype("float32");
  }

  fs::path folder_;
  const PartitionInput& input_;
  const Numbering& numbering_;
  int part_;
  std::vector<int64_t> owned_;  // original ids
  std::vector<int64_t> halo_;   // global ids
  int64_t num_train_ = 0;
  proto::Shard shard_;
};

void add_quotient(proto::Partition& partition, const std::vector<std::vector<int64_t>>& halos) {
  const graph::PartitionMap map = graph::partition_map(partition);
  std::map<std::pair<int, int>, int64_t> weights;
  int64_t volume = 0;
  for (int part = 0; part < partition.num_parts(); ++part) {
    for (const int64_t id : halos[static_cast<size_t>(part)]) {
      ++weights[std::minmax(part, map.owner(GlobalId(id)))];
      ++volume;
    }
  }
  for (const auto& [pair, weight] : weights) {
    proto::QuotientEdge& edge = *partition.add_quotient();
    edge.set_a(pair.first);
    edge.set_b(pair.second);
    edge.set_weight(weight);
  }
  partition.mutable_quality()->set_communication_volume(volume);
}

proto::Partition describe(const PartitionInput& input, const Numbering& numbering) {
  proto::Partition partition;
  partition.set_format_version(graph::kPartitionFormatVersion);
  partition.set_dataset("tiny");
  partition.set_graph_fingerprint(checksum_of(std::as_bytes(std::span(input.graph.edges))));
  partition.set_num_nodes(input.graph.num_nodes);
  partition.set_directed(input.direction == Direction::kDirected);
  partition.set_num_parts(input.num_parts);
  partition.set_method("TEST");
  partition.set_seed(1);
  partition.mutable_part_offsets()->Add(numbering.part_offsets.begin(), numbering.part_offsets.end());
  partition.set_feature_width(static_cast<int32_t>(input.feature_width));
  partition.set_feature_dtype("float32");
  partition.set_positional_width(static_cast<int32_t>(input.positional_width));
  partition.set_num_classes(static_cast<int32_t>(input.num_classes));
  for (int64_t c = 0; c < input.num_classes; ++c) partition.add_class_names(fmt::format("class {}", c));
  partition.set_num_train(static_cast<int64_t>(input.train.size()));
  partition.set_num_valid(static_cast<int64_t>(input.valid.size()));
  partition.set_num_test(static_cast<int64_t>(input.test.size()));
  return partition;
}

}  // namespace

proto::Partition write_partition_folder(const fs::path& folder, const PartitionInput& input) {
  PendingFolder pending(folder, PendingFolder::Existing::kReplace);
  const Numbering numbering = number_nodes(input);
  const auto rows = adjacency(input.graph, input.direction);
  const std::vector<float> tokens = input.encoded == Encoded::kYes ? hop_features(input) : std::vector<float>();
  proto::Partition partition = describe(input, numbering);
  std::vector<std::vector<int64_t>> halos;
  int64_t num_edges = 0;
  for (int part = 0; part < input.num_parts; ++part) {
    ShardWriter writer(pending.path(), input, numbering, part);
    writer.write(rows, tokens, partition.graph_fingerprint());
    writer.summarise(*partition.add_parts());
    num_edges += partition.parts(part).num_edges();
    halos.push_back(writer.halo());
  }
  partition.set_num_edges(num_edges);
  add_quotient(partition, halos);
  array::add_record(
      *partition.mutable_arrays(),
      array::write_npy<int32_t>(pending.path() / "part_of_node.npy", input.part_of_node, {input.graph.num_nodes}));
  array::write_text_proto(pending.path() / graph::kPartitionManifest, partition);
  pending.commit();
  return partition;
}

}  // namespace gigahop::tests
