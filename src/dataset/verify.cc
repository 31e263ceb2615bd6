#include "dataset/verify.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "array/manifest.h"
#include "base/error.h"
#include "base/progress.h"
#include "dataset/line_reader.h"
#include "graph/dataset_folder.h"

namespace gigahop::dataset {
namespace {

using graph::DatasetFolder;

constexpr int64_t kChunkEdges = int64_t{1} << 18;

std::string file_of(const DatasetFolder& dataset, std::string_view file) {
  return (dataset.path() / file).string();
}

void expect(int64_t found, int64_t expected, const std::string& place, std::string_view what) {
  if (found == expected) return;
  throw data_error(place, fmt::format("{} {}", expected, what), fmt::format("{}", found));
}

/// Degrees of the nodes that have edges: memory follows the edges, not the number of nodes that the manifest claims.
class Degrees {
 public:
  void add(int64_t node) {
    const auto index = static_cast<size_t>(node);
    if (index < dense_.size()) {
      ++dense_[index];
    } else {
      ++sparse_[node];
    }
  }
  explicit Degrees(const proto::Dataset& manifest)
      : dense_(static_cast<size_t>(std::min(manifest.num_nodes(), 2 * manifest.num_edges())), 0) {}

  void describe(int64_t num_nodes, DatasetFacts& facts) const {
    int64_t num_connected = static_cast<int64_t>(sparse_.size());
    for (const int64_t degree : dense_) {
      num_connected += degree > 0 ? 1 : 0;
      facts.max_degree = std::max(facts.max_degree, degree);
    }
    for (const auto& [node, degree] : sparse_) facts.max_degree = std::max(facts.max_degree, degree);
    facts.num_isolated = num_nodes - num_connected;
  }

 private:
  std::vector<int64_t> dense_;
  std::unordered_map<int64_t, int64_t> sparse_;
};

void verify_end(int64_t id, const DatasetFolder& dataset, int64_t edge) {
  if (id >= 0 && id < dataset.manifest().num_nodes()) return;
  throw data_error(fmt::format("{}, edge {}", file_of(dataset, "edges.npy"), edge),
                   fmt::format("a node id from 0 to {}", dataset.manifest().num_nodes() - 1), fmt::format("{}", id));
}

void verify_edges(const DatasetFolder& dataset, DatasetFacts& facts) {
  const int64_t num_edges = dataset.manifest().num_edges();
  if (num_edges < 1) throw data_error(file_of(dataset, "edges.npy"), "at least one edge", "none");
  Degrees degrees(dataset.manifest());
  std::vector<int64_t> sources(kChunkEdges);
  std::vector<int64_t> targets(kChunkEdges);
  Progress progress("verifying edges", "edges", num_edges);
  for (int64_t first = 0; first < num_edges; first += kChunkEdges) {
    const int64_t count = std::min(kChunkEdges, num_edges - first);
    dataset.read_edges(first, count, std::span(sources).first(static_cast<size_t>(count)),
                       std::span(targets).first(static_cast<size_t>(count)));
    for (int64_t i = 0; i < count; ++i) {
      const int64_t source = sources[static_cast<size_t>(i)];
      const int64_t target = targets[static_cast<size_t>(i)];
      verify_end(source, dataset, first + i);
      verify_end(target, dataset, first + i);
      if (source == target) {
        ++facts.num_self_loops;
      } else {
        degrees.add(source);
        degrees.add(target);
      }
    }
    progress.advance(count);
  }
  progress.finish();
  degrees.describe(dataset.manifest().num_nodes(), facts);
}

float plain(float value) {
  return value;
}
template <class Half>
float plain(Half value) {
  return to_float(value);
}

template <class T>
void verify_finite(const array::NpyArray& features) {
  const std::span<const T> values = features.values<T>();
  const auto bad = std::find_if(values.begin(), values.end(), [](T value) { return !std::isfinite(plain(value)); });
  if (bad == values.end()) return;
  const int64_t at = bad - values.begin();
  throw data_error(fmt::format("{}, node {}, column {}", features.path().string(), at / features.row_elements(),
                               at % features.row_elements()),
                   "a finite number", fmt::format("{}", plain(*bad)));
}

void verify_features(const DatasetFolder& dataset) {
  if (!dataset.has_features()) return;
  const array::NpyArray& features = dataset.features();
  features.expect_shape(std::vector<int64_t>{dataset.manifest().num_nodes(), dataset.manifest().feature_width()});
  if (features.dtype() == array::DType::kFloat16) return verify_finite<Float16>(features);
  if (features.dtype() == array::DType::kBFloat16) return verify_finite<BFloat16>(features);
  verify_finite<float>(features);
}

void verify_positional(const DatasetFolder& dataset) {
  if (dataset.has_positional()) verify_finite<float>(dataset.positional());
}

void verify_labels(const DatasetFolder& dataset, DatasetFacts& facts) {
  const std::span<const int64_t> labels = dataset.labels();
  const int64_t num_classes = dataset.manifest().num_classes();
  if (!dataset.has_labels()) {
    facts.num_unlabelled = dataset.manifest().num_nodes();
    return;
  }
  expect(static_cast<int64_t>(labels.size()), dataset.manifest().num_nodes(), file_of(dataset, "labels.npy"), "labels");
  for (size_t node = 0; node < labels.size(); ++node) {
    if (labels[node] < -1 || labels[node] >= num_classes) {
      throw data_error(fmt::format("{}, node {}", file_of(dataset, "labels.npy"), node),
                       fmt::format("a class from 0 to {}, or -1 for none", num_classes - 1),
                       fmt::format("{}", labels[node]));
    }
    if (labels[node] < 0) ++facts.num_unlabelled;
  }
}

void verify_split(const DatasetFolder& dataset, std::span<const OriginalId> ids, int64_t expected_count,
                  const std::string& file, std::vector<bool>& is_taken) {
  const int64_t num_nodes = dataset.manifest().num_nodes();
  expect(static_cast<int64_t>(ids.size()), expected_count, file_of(dataset, file), "nodes, as the manifest says");
  for (size_t i = 0; i < ids.size(); ++i) {
    const int64_t id = ids[i].value;
    const auto place = [&] { return fmt::format("{}, entry {}", file_of(dataset, file), i); };
    if (id < 0 || id >= num_nodes) {
      throw data_error(place(), fmt::format("a node id from 0 to {}", num_nodes - 1), fmt::format("{}", id));
    }
    const auto node = static_cast<size_t>(id);
    if (!dataset.has_labels() || dataset.labels()[node] < 0) {
      throw data_error(place(), "a node with a label", fmt::format("node {} without one", id));
    }
    if (is_taken[node]) {
      throw data_error(place(), "every node once over all splits", fmt::format("node {} again", id));
    }
    is_taken[node] = true;
  }
}

void verify_splits(const DatasetFolder& dataset) {
  const proto::Dataset& manifest = dataset.manifest();
  const size_t num_labels = dataset.has_labels() ? dataset.labels().size() : 0;
  std::vector<bool> is_taken(num_labels, false);  // the manifest's word alone allocates nothing
  verify_split(dataset, dataset.train(), manifest.num_train(), "train.npy", is_taken);
  verify_split(dataset, dataset.valid(), manifest.num_valid(), "valid.npy", is_taken);
  verify_split(dataset, dataset.test(), manifest.num_test(), "test.npy", is_taken);
}

void verify_names(const DatasetFolder& dataset) {
  const proto::Dataset& manifest = dataset.manifest();
  const std::set<std::string> classes(manifest.class_names().begin(), manifest.class_names().end());
  const int64_t num_named = manifest.class_names_size();
  if (num_named > 0) {
    const std::string place = file_of(dataset, graph::kDatasetManifest);
    expect(num_named, manifest.num_classes(), place, "class names");
    expect(static_cast<int64_t>(classes.size()), num_named, place, "different class names");
  }
  if (array::find_record(manifest.arrays(), "names.txt") == nullptr) return;
  LineReader names(dataset.path() / "names.txt");
  std::string_view line;
  while (names.next(line)) {
  }
  expect(names.line_number(), manifest.num_nodes(), names.name(), "lines, one name each");
}

}  // namespace

DatasetFacts verify_dataset(const std::filesystem::path& folder) {
  const DatasetFolder dataset(folder, array::Verify::kChecksum);
  array::verify_seal(folder / graph::kDatasetManifest);
  DatasetFacts facts;
  verify_edges(dataset, facts);
  verify_features(dataset);
  verify_positional(dataset);
  verify_labels(dataset, facts);
  verify_splits(dataset);
  verify_names(dataset);
  return facts;
}

}  // namespace gigahop::dataset
