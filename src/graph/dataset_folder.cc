#include "graph/dataset_folder.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/manifest_checks.h"

namespace gigahop::graph {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kCheckedAtOnce = 1 << 15;
constexpr char kHint[] = "make the folder again with gigahop import or gigahop generate";

void check_manifest(const proto::Dataset& manifest, const std::string& place) {
  require_version(place, manifest.format_version(), kDatasetFormatVersion, kHint);
  require_between(place, "num_nodes", manifest.num_nodes(), 1, kMaxCount);
  require_between(place, "num_edges", manifest.num_edges(), 0, kMaxCount);
  require_between(place, "feature_width", manifest.feature_width(), 0, kMaxCount);
  require_between(place, "positional_width", manifest.positional_width(), 0, kMaxCount);
  require_between(place, "num_classes", manifest.num_classes(), 0, kMaxCount);
  require_between(place, "num_train", manifest.num_train(), 0, manifest.num_nodes());
  require_between(place, "num_valid", manifest.num_valid(), 0, manifest.num_nodes());
  require_between(place, "num_test", manifest.num_test(), 0, manifest.num_nodes());
  if (manifest.has_first_num_nodes()) {
    require_between(place, "first_num_nodes", manifest.first_num_nodes(), 1, manifest.num_nodes());
  }
  if (manifest.class_names_size() != 0 && manifest.class_names_size() != manifest.num_classes()) {
    throw data_error(place, fmt::format("{} class names, or none", manifest.num_classes()),
                     std::to_string(manifest.class_names_size()));
  }
}

array::NpyArray open_split(const fs::path& folder, const proto::Dataset& manifest, const char* file, int64_t expected,
                           array::Verify verify) {
  if (expected == 0 && array::find_record(manifest.arrays(), file) == nullptr) return {};
  array::NpyArray split = array::open_array(folder, manifest.arrays(), file, verify);
  split.expect_shape({expected});
  split.expect_dtype(array::DType::kInt64);
  const array::NpySliceReader reader(split.path());
  std::vector<int64_t> nodes;
  for (int64_t first = 0; first < expected; first += kCheckedAtOnce) {
    nodes.resize(static_cast<size_t>(std::min(kCheckedAtOnce, expected - first)));
    reader.read_integers(first, nodes);
    const auto wrong =
        std::find_if(nodes.begin(), nodes.end(), [&](int64_t id) { return id < 0 || id >= manifest.num_nodes(); });
    if (wrong == nodes.end()) continue;
    throw data_error(fmt::format("{}: entry {}", split.path().string(), first + (wrong - nodes.begin())),
                     fmt::format("a node id in [0, {})", manifest.num_nodes()), std::to_string(*wrong));
  }
  return split;
}

void check_labels(const array::NpyArray& labels, int64_t num_classes) {
  const auto values = labels.values<int64_t>();
  const auto wrong =
      std::find_if(values.begin(), values.end(), [&](int64_t label) { return label < -1 || label >= num_classes; });
  if (wrong == values.end()) return;
  throw data_error(fmt::format("{}: node {}", labels.path().string(), wrong - values.begin()),
                   fmt::format("a label in [0, {}), or -1", num_classes), std::to_string(*wrong));
}

}  // namespace

DatasetFolder::DatasetFolder(const fs::path& folder, array::Verify verify) : path_(folder) {
  const std::string place = (folder / kDatasetManifest).string();
  array::read_text_proto(place, manifest_);
  check_manifest(manifest_, place);
  const auto open = [&](const char* file) { return array::open_array(folder, manifest_.arrays(), file, verify); };
  edges_ = open("edges.npy");
  edges_.expect_shape({2, manifest_.num_edges()});
  if (edges_.dtype() != array::DType::kInt32) edges_.expect_dtype(array::DType::kInt64);
  edge_slices_ = array::NpySliceReader(edges_.path());
  if (has_features()) {
    features_ = open("features.npy");
    features_.expect_shape({manifest_.num_nodes(), manifest_.feature_width()});
    require_feature_dtype(features_);
  }
  if (has_labels()) {
    labels_ = open("labels.npy");
    labels_.expect_dtype(array::DType::kInt64);
    labels_.expect_shape({manifest_.num_nodes()});
    if (verify == array::Verify::kChecksum) check_labels(labels_, manifest_.num_classes());
  }
  if (has_positional()) {
    positional_ = open("positional.npy");
    positional_.expect_dtype(array::DType::kFloat32);
    positional_.expect_shape({manifest_.num_nodes(), manifest_.positional_width()});
  }
  train_ = open_split(folder, manifest_, "train.npy", manifest_.num_train(), verify);
  valid_ = open_split(folder, manifest_, "valid.npy", manifest_.num_valid(), verify);
  test_ = open_split(folder, manifest_, "test.npy", manifest_.num_test(), verify);
  if (verify == array::Verify::kChecksum) array::verify_records(folder, manifest_.arrays(), verify);
}

void DatasetFolder::read_edges(int64_t first, int64_t count, std::span<int64_t> sources,
                               std::span<int64_t> targets) const {
  const int64_t total = manifest_.num_edges();
  require(first >= 0 && count >= 0 && count <= total - first && static_cast<int64_t>(sources.size()) >= count &&
              static_cast<int64_t>(targets.size()) >= count,
          "edges are read inside the array, into spans that hold them");
  edge_slices_.read_integers(first, sources.first(static_cast<size_t>(count)));
  edge_slices_.read_integers(total + first, targets.first(static_cast<size_t>(count)));
}

const array::NpyArray& DatasetFolder::features() const {
  if (features_.is_open()) return features_;
  throw data_error((path_ / "features.npy").string(), "features", "a dataset without them");
}

const array::NpyArray& DatasetFolder::positional() const {
  if (positional_.is_open()) return positional_;
  throw data_error((path_ / "positional.npy").string(), "positional encodings", "a dataset without them");
}

std::span<const int64_t> DatasetFolder::labels() const {
  return labels_.values<int64_t>();
}

uint64_t DatasetFolder::fingerprint() const {
  return array::fingerprint(manifest_.arrays());
}

}  // namespace gigahop::graph
