#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/checksum.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"
#include "dataset/dataset_writer.h"
#include "dataset/edge_source.h"
#include "dataset/import.h"
#include "dataset/package_list.h"

namespace gigahop::dataset {
namespace {

constexpr uint64_t kTrainPercent = 60;
constexpr uint64_t kValidPercent = 20;

/// What is kept of every package: names as numbers, and the place of its features in the order of reading.
struct Node {
  std::string name;
  std::string section;
  std::vector<int32_t> dependencies;  // into Packages::mentioned
  size_t features = 0;                // row
};

struct Packages {
  std::vector<Node> nodes;
  std::vector<float> features;                         // [nodes.size(), F]
  std::unordered_map<std::string, int32_t> mentioned;  // every name that a dependency or a package has
  std::vector<bool> is_node;                           // by number in `mentioned`

  int32_t number_of(const std::string& name) {
    const auto [entry, is_new] = mentioned.try_emplace(name, static_cast<int32_t>(mentioned.size()));
    if (is_new) is_node.push_back(false);
    return entry->second;
  }
};

void add_package(Package&& package, int32_t feature_width, Packages& packages) {
  const auto number = static_cast<size_t>(packages.number_of(package.name));
  if (packages.is_node[number]) return;
  packages.is_node[number] = true;
  Node node{package.name, package.section, {}, packages.nodes.size()};
  node.dependencies.reserve(package.dependencies.size());
  for (const std::string& dependency : package.dependencies) {
    node.dependencies.push_back(packages.number_of(dependency));
  }
  packages.features.resize(packages.features.size() + static_cast<size_t>(feature_width));
  hash_words(package, std::span(packages.features).last(static_cast<size_t>(feature_width)));
  packages.nodes.push_back(std::move(node));
}

Packages read_lists(const DebianOptions& options) {
  Packages packages;
  Progress progress("packages", "packages", 0);
  const auto read = [&](LineReader reader) {
    read_packages(reader, [&](Package&& package) {
      add_package(std::move(package), options.feature_width, packages);
      progress.advance(1);
    });
    if (packages.nodes.empty()) {
      throw data_error(reader.name(), "stanzas of packages", "none", "run `apt-get update`, or give Packages files");
    }
  };
  if (options.packages_files.empty()) read(LineReader(std::vector<std::string>{"apt-cache", "dumpavail"}));
  for (const std::filesystem::path& path : options.packages_files) read(LineReader(path));
  progress.finish();
  std::sort(packages.nodes.begin(), packages.nodes.end(),
            [](const Node& left, const Node& right) { return left.name < right.name; });
  return packages;
}

void write_features(const Packages& packages, int32_t feature_width, DatasetWriter& writer) {
  writer.begin_features(array::DType::kFloat32, feature_width, "package descriptions");
  std::vector<float> row(static_cast<size_t>(feature_width));
  for (const Node& node : packages.nodes) {
    std::copy_n(packages.features.begin() + static_cast<int64_t>(node.features * row.size()), row.size(), row.begin());
    writer.append_features(std::as_writable_bytes(std::span(row)));
    writer.append_name(node.name);
  }
  writer.end_features();
}

void write_labels(const Packages& packages, DatasetWriter& writer) {
  std::map<std::string, int64_t> classes;
  for (const Node& node : packages.nodes) {
    if (!node.section.empty()) classes.emplace(node.section, 0);
  }
  std::vector<std::string> names;
  for (auto& [section, number] : classes) {
    number = static_cast<int64_t>(names.size());
    names.push_back(section);
  }
  std::vector<int64_t> labels;
  for (const Node& node : packages.nodes) labels.push_back(node.section.empty() ? -1 : classes.at(node.section));
  writer.set_class_names(std::move(names));
  writer.begin_labels("package sections");
  writer.append_labels(labels);
  writer.end_labels();
}

Split split_of(const std::string& name) {
  const uint64_t percent = scatter(checksum_of(std::string_view(name))) % 100;
  if (percent < kTrainPercent) return Split::kTrain;
  return percent < kTrainPercent + kValidPercent ? Split::kValid : Split::kTest;
}

void write_splits(const Packages& packages, DatasetWriter& writer) {
  std::array<std::vector<int64_t>, 3> ids;
  for (size_t i = 0; i < packages.nodes.size(); ++i) {
    if (packages.nodes[i].section.empty()) continue;
    ids[static_cast<size_t>(split_of(packages.nodes[i].name))].push_back(static_cast<int64_t>(i));
  }
  for (const Split split : kSplits) {
    writer.begin_split(split, "package sections");
    writer.append_split(ids[static_cast<size_t>(split)]);
    writer.end_split();
  }
}

/// Returns how many dependencies are on no package of the lists.
int64_t write_edges(const Packages& packages, DatasetWriter& writer) {
  std::vector<int64_t> node_of(packages.mentioned.size(), -1);
  for (size_t i = 0; i < packages.nodes.size(); ++i) {
    node_of[static_cast<size_t>(packages.mentioned.at(packages.nodes[i].name))] = static_cast<int64_t>(i);
  }
  int64_t num_dropped = 0;
  EdgeBatch batch(writer, "package dependencies");
  for (size_t i = 0; i < packages.nodes.size(); ++i) {
    for (const int32_t dependency : packages.nodes[i].dependencies) {
      const int64_t target = node_of[static_cast<size_t>(dependency)];
      if (target < 0) {
        ++num_dropped;
      } else {
        batch.add(static_cast<int64_t>(i), target);
      }
    }
  }
  batch.flush();
  return num_dropped;
}

}  // namespace

ImportSummary import_debian(const DebianOptions& options, const Destination& destination) {
  if (options.feature_width < 1 || options.feature_width > kMaxFeatureWidth) {
    throw config_error("feature_width", fmt::format("from 1 to {}", kMaxFeatureWidth),
                       fmt::format("{}", options.feature_width));
  }
  DatasetWriter writer(destination, Direction::kDirected, NanPolicy::kRefuse);
  const Packages packages = read_lists(options);
  writer.set_num_nodes(static_cast<int64_t>(packages.nodes.size()), "the package lists");
  write_features(packages, options.feature_width, writer);
  write_labels(packages, writer);
  write_splits(packages, writer);
  const int64_t num_dropped = write_edges(packages, writer);
  ImportSummary summary = writer.finish();
  summary.num_dropped_names = num_dropped;
  return summary;
}

}  // namespace gigahop::dataset
