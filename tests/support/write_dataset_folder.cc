#include "support/write_dataset_folder.h"

#include <vector>

#include "array/manifest.h"
#include "array/npy.h"
#include "base/files.h"
#include "base/half.h"
#include "graph/dataset_folder.h"

namespace gigahop::tests {
namespace fs = std::filesystem;
namespace {

template <class T>
void write_array(const fs::path& folder, const char* file, const std::vector<T>& values, std::vector<int64_t> shape,
                 proto::Dataset& dataset) {
  array::add_record(*dataset.mutable_arrays(),
                    array::write_npy(folder / file, std::span<const T>(values), std::move(shape)));
}

template <class T>
void write_edges(const fs::path& folder, const EdgeList& graph, proto::Dataset& dataset) {
  std::vector<T> ends;
  for (const auto& [source, target] : graph.edges) ends.push_back(static_cast<T>(source));
  for (const auto& [source, target] : graph.edges) ends.push_back(static_cast<T>(target));
  write_array(folder, "edges.npy", ends, {2, static_cast<int64_t>(graph.edges.size())}, dataset);
}

void write_features(const fs::path& folder, const PartitionInput& input, FeatureDtype dtype, proto::Dataset& dataset) {
  const std::vector<int64_t> shape = {input.graph.num_nodes, input.feature_width};
  if (dtype == FeatureDtype::kFloat32) {
    write_array(folder, "features.npy", input.features, shape, dataset);
    return;
  }
  std::vector<BFloat16> rounded;
  for (const float value : input.features) rounded.push_back(to_bfloat16(value));
  write_array(folder, "features.npy", rounded, shape, dataset);
}

}  // namespace

proto::Dataset write_dataset_folder(const fs::path& folder, const PartitionInput& input, EdgeDtype edge_dtype,
                                    FeatureDtype feature_dtype) {
  PendingFolder pending(folder, PendingFolder::Existing::kReplace);
  const int64_t num_nodes = input.graph.num_nodes;
  proto::Dataset dataset;
  dataset.set_format_version(graph::kDatasetFormatVersion);
  dataset.set_name("tiny");
  dataset.set_num_nodes(num_nodes);
  dataset.set_num_edges(static_cast<int64_t>(input.graph.edges.size()));
  dataset.set_feature_width(static_cast<int32_t>(input.feature_width));
  dataset.set_positional_width(static_cast<int32_t>(input.positional_width));
  dataset.set_num_classes(static_cast<int32_t>(input.num_classes));
  dataset.set_num_train(static_cast<int64_t>(input.train.size()));
  dataset.set_num_valid(static_cast<int64_t>(input.valid.size()));
  dataset.set_num_test(static_cast<int64_t>(input.test.size()));
  if (edge_dtype == EdgeDtype::kInt64) {
    write_edges<int64_t>(pending.path(), input.graph, dataset);
  } else {
    write_edges<int32_t>(pending.path(), input.graph, dataset);
  }
  if (input.feature_width > 0) write_features(pending.path(), input, feature_dtype, dataset);
  if (input.num_classes > 0) write_array(pending.path(), "labels.npy", input.labels, {num_nodes}, dataset);
  if (input.positional_width > 0) {
    write_array(pending.path(), "positional.npy", input.positional, {num_nodes, input.positional_width}, dataset);
  }
  write_array(pending.path(), "train.npy", input.train, {dataset.num_train()}, dataset);
  write_array(pending.path(), "valid.npy", input.valid, {dataset.num_valid()}, dataset);
  write_array(pending.path(), "test.npy", input.test, {dataset.num_test()}, dataset);
  array::write_text_proto(pending.path() / graph::kDatasetManifest, dataset);
  pending.commit();
  return dataset;
}

}  // namespace gigahop::tests
