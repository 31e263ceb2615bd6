#include "dataset/dataset_writer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "array/manifest.h"
#include "base/error.h"
#include "graph/dataset_folder.h"

namespace gigahop::dataset {
namespace {

constexpr char kNanHint[] = "`--nan zero` takes it as 0";
constexpr size_t kNamesBufferBytes = size_t{1} << 20;

size_t index(Split split) {
  return static_cast<size_t>(split);
}

float plain(float value) {
  return value;
}
float plain(Float16 value) {
  return to_float(value);
}

}  // namespace

std::string_view name(Split split) {
  constexpr std::array<std::string_view, 3> kNames = {"train", "valid", "test"};
  return kNames[index(split)];
}

void throw_bad_node_id(int64_t id, int64_t num_nodes, const std::string& place) {
  const int64_t last = (num_nodes == kUnknown ? kMaxNodes : num_nodes) - 1;
  throw data_error(place, fmt::format("a node id from 0 to {}", last), fmt::format("{}", id),
                   id == num_nodes ? "ids count from 0" : "");
}

DatasetWriter::DatasetWriter(const Destination& destination, Direction direction, NanPolicy nan)
    : folder_(destination.folder, destination.existing), nan_(nan) {
  manifest_.set_format_version(graph::kDatasetFormatVersion);
  manifest_.set_name(destination.name);
  manifest_.set_directed(direction == Direction::kDirected);
  manifest_.set_provenance(destination.provenance);
}

void DatasetWriter::set_num_nodes(int64_t num_nodes, const std::string& place) {
  if (num_nodes < 1 || num_nodes > kMaxNodes) {
    throw data_error(place, fmt::format("from 1 to {} nodes", kMaxNodes), fmt::format("{}", num_nodes));
  }
  if (num_nodes_ != kUnknown && num_nodes_ != num_nodes) {
    throw data_error(place, fmt::format("{} nodes, as {} says", num_nodes_, num_nodes_place_),
                     fmt::format("{}", num_nodes));
  }
  num_nodes_ = num_nodes;
  num_nodes_place_ = place;
}

void DatasetWriter::set_origin(const proto::Dataset& base, uint64_t base_fingerprint) {
  manifest_.mutable_grown_from()->CopyFrom(base.grown_from());
  manifest_.add_grown_from(base_fingerprint);
  manifest_.set_first_num_nodes(base.has_first_num_nodes() ? base.first_num_nodes() : base.num_nodes());
}

void DatasetWriter::record(const array::ArrayFile& file) {
  array::add_record(*manifest_.mutable_arrays(), file);
}

void DatasetWriter::check_edge_ids(std::span<const int64_t> ids, int64_t first_edge) {
  for (size_t i = 0; i < ids.size(); ++i) {
    const int64_t edge = first_edge + static_cast<int64_t>(i);
    check_node_id(ids[i], num_nodes_, [&] { return fmt::format("{}, edge {}", edges_place_, edge); });
    if (ids[i] > largest_id_) {
      largest_id_ = ids[i];
      largest_id_edge_ = edge;
    }
  }
}

void DatasetWriter::append_edges(std::span<const int64_t> sources, std::span<const int64_t> targets,
                                 const std::string& place) {
  if (!spool_) spool_.emplace(path());
  edges_place_ = place;
  check_edge_ids(sources, num_edges_);
  check_edge_ids(targets, num_edges_);
  spool_->append_pairs(sources, targets);
  num_edges_ = spool_->num_edges();
}

void DatasetWriter::begin_edge_rows(int64_t num_edges, const std::string& place) {
  edges_place_ = place;
  num_edges_ = num_edges;
  edge_rows_.emplace(path() / "edges.npy", array::DType::kInt64, std::vector<int64_t>{2, num_edges});
}

void DatasetWriter::append_edge_rows(std::span<const int64_t> ids) {
  const int64_t first_row = std::clamp<int64_t>(num_edges_ - num_edge_ids_, 0, static_cast<int64_t>(ids.size()));
  check_edge_ids(ids.first(static_cast<size_t>(first_row)), num_edge_ids_);
  check_edge_ids(ids.subspan(static_cast<size_t>(first_row)), std::max<int64_t>(0, num_edge_ids_ - num_edges_));
  edge_rows_->append(ids);
  num_edge_ids_ += static_cast<int64_t>(ids.size());
}

void DatasetWriter::begin_features(array::DType dtype, int64_t width, const std::string& place) {
  if (width < 1 || width > kMaxFeatureWidth) {
    throw data_error(place, fmt::format("from 1 to {} features per node", kMaxFeatureWidth), fmt::format("{}", width));
  }
  feature_dtype_ = dtype;
  features_.place = place;
  features_.width = width;
  features_.writer.emplace(path() / "features.npy", dtype, std::vector<int64_t>{num_nodes_, width});
}

template <class T>
void DatasetWriter::check_finite(std::span<T> values, const Rows& rows, NanPolicy policy, std::string_view hint) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(plain(values[i]))) [[likely]]
      continue;
    if (policy == NanPolicy::kRefuse) {
      const auto at = static_cast<int64_t>(i);
      throw data_error(fmt::format("{}, node {}, column {}", rows.place, rows.count + at / rows.width, at % rows.width),
                       "a finite number", fmt::format("{}", plain(values[i])), hint);
    }
    values[i] = T{};
  }
}

void DatasetWriter::append_features(std::span<std::byte> rows) {
  if (feature_dtype_ == array::DType::kFloat16) {
    check_finite(std::span(reinterpret_cast<Float16*>(rows.data()), rows.size() / sizeof(Float16)), features_, nan_,
                 kNanHint);
  } else {
    check_finite(std::span(reinterpret_cast<float*>(rows.data()), rows.size() / sizeof(float)), features_, nan_,
                 kNanHint);
  }
  features_.writer->append_bytes(rows);
  features_.count += static_cast<int64_t>(rows.size()) / (features_.width * array::bytes_of(feature_dtype_));
}

void DatasetWriter::end_rows(Rows& rows, std::string_view what) {
  if (num_nodes_ == kUnknown) set_num_nodes(rows.count, rows.place);
  if (rows.count != num_nodes_) {
    throw data_error(rows.place, fmt::format("{} for {} nodes, as {} says", what, num_nodes_, num_nodes_place_),
                     fmt::format("{}", rows.count));
  }
  record(rows.writer->finish());
}

void DatasetWriter::end_features() {
  end_rows(features_, "rows of features");
}

void DatasetWriter::begin_positional(int64_t width, const std::string& place) {
  if (width < 1 || width > kMaxFeatureWidth) {
    throw data_error(place, fmt::format("from 1 to {} columns", kMaxFeatureWidth), fmt::format("{}", width));
  }
  positional_.place = place;
  positional_.width = width;
  positional_.writer.emplace(path() / "positional.npy", array::DType::kFloat32,
                             std::vector<int64_t>{num_nodes_, width});
}

void DatasetWriter::append_positional(std::span<float> rows) {
  check_finite(rows, positional_, NanPolicy::kRefuse, "");
  positional_.writer->append_bytes(std::as_bytes(rows));
  positional_.count += static_cast<int64_t>(rows.size()) / positional_.width;
}

void DatasetWriter::end_positional() {
  end_rows(positional_, "rows of positional encodings");
}

void DatasetWriter::begin_labels(const std::string& place) {
  labels_.place = place;
  labels_.writer.emplace(path() / "labels.npy", array::DType::kInt64, std::vector<int64_t>{num_nodes_});
}

void DatasetWriter::append_labels(std::span<const int64_t> labels) {
  const int64_t num_classes = manifest_.class_names_size() > 0 ? manifest_.class_names_size() : kMaxClasses;
  for (const int64_t label : labels) {
    if (label < -1 || label >= num_classes) {
      throw data_error(fmt::format("{}, node {}", labels_.place, labels_.count),
                       fmt::format("a class from 0 to {}, or -1 for none", num_classes - 1), fmt::format("{}", label));
    }
    largest_label_ = std::max(largest_label_, label);
    is_labelled_.push_back(label >= 0);
    ++labels_.count;
  }
  labels_.writer->append(labels);
}

void DatasetWriter::end_labels() {
  end_rows(labels_, "labels");
}

void DatasetWriter::set_class_names(std::vector<std::string> names) {
  for (std::string& class_name : names) manifest_.add_class_names(std::move(class_name));
}

void DatasetWriter::begin_split(Split split, const std::string& place) {
  if (!labels_.writer) throw data_error(place, "labels for the nodes of a split", "a dataset without labels");
  open_split_ = split;
  Rows& rows = splits_[index(split)];
  rows.place = place;
  rows.writer.emplace(path() / fmt::format("{}.npy", name(split)), array::DType::kInt64, std::vector<int64_t>{-1});
  is_in_split_[index(split)].assign(is_labelled_.size(), false);
}

void DatasetWriter::append_split(std::span<const int64_t> ids) {
  Rows& rows = splits_[index(*open_split_)];
  for (const int64_t id : ids) {
    const auto place = [&] {
      return fmt::format("{}, entry {} ({} split)", rows.place, rows.count, name(*open_split_));
    };
    check_node_id(id, num_nodes_, place);
    const auto node = static_cast<size_t>(id);
    if (node >= is_labelled_.size() || !is_labelled_[node]) {
      throw data_error(place(), "a node with a label", fmt::format("node {} without one", id));
    }
    for (const Split other : kSplits) {
      if (is_in_split_[index(other)].empty() || !is_in_split_[index(other)][node]) continue;
      throw data_error(place(), "a node that is in no split yet",
                       fmt::format("node {}, which is in {} already", id, name(other)));
    }
    is_in_split_[index(*open_split_)][node] = true;
    ++rows.count;
  }
  rows.writer->append(ids);
}

void DatasetWriter::end_split() {
  Rows& rows = splits_[index(*open_split_)];
  if (rows.count == 0) throw data_error(rows.place, fmt::format("nodes in the {} split", name(*open_split_)), "none");
  record(rows.writer->finish());
  open_split_.reset();
}

void DatasetWriter::append_name(std::string_view node_name) {
  if (!names_) names_.emplace(path() / "names.txt");
  if (node_name.find('\n') != std::string_view::npos) {
    throw data_error(fmt::format("name of node {}", num_names_), "one line", "a line break");
  }
  names_buffer_.append(node_name);
  names_buffer_.push_back('\n');
  ++num_names_;
  if (names_buffer_.size() < kNamesBufferBytes) return;
  names_->append(std::as_bytes(std::span(names_buffer_)));
  names_buffer_.clear();
}

void DatasetWriter::finish_edges() {
  if (num_edges_ == 0) throw data_error(edges_place_.empty() ? "edges" : edges_place_, "at least one edge", "none");
  if (num_nodes_ == kUnknown) set_num_nodes(largest_id_ + 1, edges_place_);
  if (largest_id_ >= num_nodes_) {
    throw_bad_node_id(largest_id_, num_nodes_, fmt::format("{}, edge {}", edges_place_, largest_id_edge_));
  }
  record(spool_ ? spool_->finish() : edge_rows_->finish());
  manifest_.set_num_nodes(num_nodes_);
  manifest_.set_num_edges(num_edges_);
}

void DatasetWriter::finish_labels_and_splits() {
  if (labels_.count > 0 && largest_label_ < 0) {
    throw data_error(labels_.place, "at least one labelled node", "none");
  }
  const int64_t num_named = manifest_.class_names_size();
  manifest_.set_feature_width(static_cast<int32_t>(features_.width));
  manifest_.set_positional_width(static_cast<int32_t>(positional_.width));
  manifest_.set_num_classes(static_cast<int32_t>(num_named > 0 ? num_named : largest_label_ + 1));
  for (const Split split : kSplits) {
    if (splits_[index(split)].writer) continue;
    for (const Rows& other : splits_) {
      if (!other.writer) continue;
      throw data_error(other.place, "all three splits, or none", fmt::format("no {} split", name(split)));
    }
    record(array::write_npy<int64_t>(path() / fmt::format("{}.npy", name(split)), {}, {0}));
  }
  manifest_.set_num_train(splits_[index(Split::kTrain)].count);
  manifest_.set_num_valid(splits_[index(Split::kValid)].count);
  manifest_.set_num_test(splits_[index(Split::kTest)].count);
}

void DatasetWriter::finish_names() {
  if (!names_) return;
  if (num_names_ != num_nodes_) {
    throw data_error("names", fmt::format("{}, one for each node", num_nodes_), fmt::format("{}", num_names_));
  }
  names_->append(std::as_bytes(std::span(names_buffer_)));
  names_->close();
  array::add_plain_record(*manifest_.mutable_arrays(), path(), "names.txt");
}

ImportSummary DatasetWriter::finish() {
  finish_edges();
  finish_labels_and_splits();
  finish_names();
  array::write_text_proto(path() / graph::kDatasetManifest, manifest_);
  folder_.commit();

  ImportSummary summary;
  summary.num_nodes = num_nodes_;
  summary.num_edges = num_edges_;
  summary.feature_width = manifest_.feature_width();
  summary.num_classes = manifest_.num_classes();
  summary.num_unlabelled = num_nodes_ - std::count(is_labelled_.begin(), is_labelled_.end(), true);
  summary.num_train = manifest_.num_train();
  summary.num_valid = manifest_.num_valid();
  summary.num_test = manifest_.num_test();
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return summary;
}

}  // namespace gigahop::dataset
