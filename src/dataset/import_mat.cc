#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/memory.h"
#include "dataset/attributes.h"
#include "dataset/import.h"
#include "dataset/label_quantiles.h"
#include "dataset/mat_file.h"
#include "dataset/rehearsal.h"

namespace gigahop::dataset {
namespace {

constexpr int64_t kChunkNumbers = int64_t{1} << 20;

void copy_edges(const MatMatrix& edges, DatasetWriter& writer) {
  if (edges.num_rows() != 2) {
    throw data_error(edges.place(), "2 rows, sources and targets", fmt::format("{}", edges.num_rows()));
  }
  std::vector<double> ends;
  std::vector<int64_t> sources;
  std::vector<int64_t> targets;
  for (int64_t first = 0; first < edges.num_cols(); first += kChunkNumbers) {
    ends.resize(static_cast<size_t>(2 * std::min(kChunkNumbers, edges.num_cols() - first)));
    edges.read(2 * first, ends);
    sources.clear();
    targets.clear();
    for (size_t i = 0; i < ends.size(); ++i) {
      // Also what is beyond the range of integers becomes an id that is none, which the writer refuses.
      const bool is_id = ends[i] >= 0 && ends[i] < static_cast<double>(kMaxNodes) && ends[i] == std::floor(ends[i]);
      (i % 2 == 0 ? sources : targets).push_back(is_id ? static_cast<int64_t>(ends[i]) : -1);
    }
    writer.append_edges(sources, targets, edges.place());
  }
}

void copy_features(const MatMatrix& features, DatasetWriter& writer) {
  const int64_t width = features.num_cols();
  const int64_t rows_per_chunk = std::max<int64_t>(1, kChunkNumbers / width);
  writer.begin_features(array::DType::kFloat32, width, features.place());
  std::vector<float> rows;
  for (int64_t first = 0; first < features.num_rows(); first += rows_per_chunk) {
    rows.resize(static_cast<size_t>(std::min(rows_per_chunk, features.num_rows() - first) * width));
    features.read_rows(first, rows);
    writer.append_features(std::as_writable_bytes(std::span(rows)));
  }
  writer.end_features();
}

std::vector<int64_t> whole_numbers(std::span<const double> values, const std::string& place) {
  std::vector<int64_t> labels;
  for (const double value : values) {
    if (std::isnan(value)) {
      labels.push_back(-1);
    } else if (value == std::floor(value) && value >= -1 && value < static_cast<double>(kMaxClasses)) {
      labels.push_back(static_cast<int64_t>(value));
    } else {
      throw data_error(fmt::format("{}[{}]", place, labels.size()), "a class, or -1 or NaN", fmt::format("{}", value));
    }
  }
  return labels;
}

void copy_labels(const MatMatrix& matrix, int64_t num_quantiles, DatasetWriter& writer) {
  std::vector<double> values(static_cast<size_t>(matrix.num_rows() * matrix.num_cols()));
  matrix.read(0, values);
  writer.begin_labels(matrix.place());
  writer.append_labels(num_quantiles > 0 ? label_by_quantiles(values, num_quantiles)
                                         : whole_numbers(values, matrix.place()));
  writer.end_labels();
}

/// Whether matio, which was not made for hostile files, lives through it.
void read_once(const MatOptions& options) {
  const MatFile file(options.file);
  for (const std::string& name : {options.features, options.labels, options.edges}) {
    if (!name.empty()) file.read(name);
  }
}

}  // namespace

ImportSummary import_mat(const MatOptions& options, const Destination& destination) {
  rehearse(options.file.string(), memory_of_host(), [&] { read_once(options); });
  DatasetWriter writer(destination, options.direction, options.nan);
  const MatFile file(options.file);
  if (!options.features.empty()) copy_features(file.read(options.features), writer);
  if (!options.labels.empty()) copy_labels(file.read(options.labels), options.label_quantiles, writer);
  copy_attributes(options.attributes, writer);
  copy_edges(file.read(options.edges), writer);
  return writer.finish();
}

}  // namespace gigahop::dataset
