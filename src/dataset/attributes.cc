#include "dataset/attributes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "dataset/fields.h"

namespace gigahop::dataset {
namespace {

using array::DType;

constexpr int64_t kChunkElements = int64_t{1} << 20;

bool is_integer(DType dtype) {
  return dtype != DType::kFloat16 && dtype != DType::kBFloat16 && dtype != DType::kFloat32 && dtype != DType::kFloat64;
}

bool is_mask(DType dtype) {
  return array::bytes_of(dtype) == 1;
}

/// Calls take(row, count) for consecutive pieces of num_rows.
template <class Take>
void in_pieces(int64_t num_rows, int64_t row_elements, Take&& take) {
  const int64_t piece = std::max<int64_t>(1, kChunkElements / std::max<int64_t>(1, row_elements));
  for (int64_t row = 0; row < num_rows; row += piece) take(row, std::min(piece, num_rows - row));
}

/// Gathers values and hands them on in pieces.
template <class T, class Take>
class Batch {
 public:
  explicit Batch(Take take) : take_(std::move(take)) { values_.reserve(kChunkElements); }
  void add(T value) {
    values_.push_back(value);
    if (static_cast<int64_t>(values_.size()) >= kChunkElements) flush();
  }
  void flush() {
    take_(std::span<T>(values_));
    values_.clear();
  }

 private:
  Take take_;
  std::vector<T> values_;
};

template <class T, class Take>
Batch<T, Take> make_batch(Take take) {
  return Batch<T, Take>(std::move(take));
}

void expect_mask_value(int64_t value, const ArrayStream& stream, int64_t element) {
  if (value == 0 || value == 1) return;
  throw data_error(fmt::format("{}, element {}", stream.name(), element), "0 or 1 in a mask", fmt::format("{}", value));
}

/// A mask [N], or the row or column of a matrix that `mask` picks, read in order.
void copy_mask(ArrayStream& stream, int64_t index, int64_t row_elements, int64_t num_rows, DatasetWriter& writer) {
  const bool takes_row = row_elements == writer.num_nodes();
  const int64_t first = takes_row ? index * row_elements : index;
  const int64_t stride = takes_row ? 1 : row_elements;
  std::vector<int64_t> values;
  std::vector<int64_t> ids;
  in_pieces(num_rows * row_elements, 1, [&](int64_t begin, int64_t count) {
    values.resize(static_cast<size_t>(count));
    stream.read(values);
    ids.clear();
    for (int64_t i = begin; i < begin + count; ++i) {
      const int64_t offset = i - first;
      const int64_t value = values[static_cast<size_t>(i - begin)];
      if (offset < 0 || offset % stride != 0 || offset / stride >= writer.num_nodes()) continue;
      expect_mask_value(value, stream, i);
      if (value == 1) ids.push_back(offset / stride);
    }
    writer.append_split(ids);
  });
}

void copy_matrix_mask(ArrayStream& stream, int64_t index, DatasetWriter& writer) {
  const std::vector<int64_t>& shape = stream.shape();
  const int64_t num_nodes = writer.num_nodes();
  const bool fits = shape.size() == 2 && is_mask(stream.dtype()) && (shape[0] == num_nodes || shape[1] == num_nodes);
  if (!fits) {
    throw data_error(stream.name(), fmt::format("a matrix of masks, [R, {0}] or [{0}, R]", num_nodes),
                     stream.describe());
  }
  const int64_t num_masks = shape[1] == num_nodes ? shape[0] : shape[1];
  if (index < 0 || index >= num_masks) {
    throw data_error(stream.name(), fmt::format("a mask from 0 to {}", num_masks - 1), fmt::format("[{}]", index));
  }
  copy_mask(stream, index, shape[1], shape[0], writer);
}

template <class FromArray, class FromText>
void open_by_name(const std::filesystem::path& path, FromArray from_array, FromText from_text) {
  if (path.empty()) return;
  if (path.extension() == ".npy") {
    from_array(ArrayStream::open_npy(path));
  } else {
    from_text(LineReader(path));
  }
}

}  // namespace

void copy_features(ArrayStream stream, DatasetWriter& writer) {
  const std::vector<int64_t>& shape = stream.shape();
  if (shape.empty() || shape.size() > 2) {
    throw data_error(stream.name(), "features as [N, F]", stream.describe());
  }
  const int64_t width = shape.size() == 2 ? shape[1] : 1;
  if (writer.num_nodes() != shape[0]) writer.set_num_nodes(shape[0], stream.name());
  const bool is_half = stream.dtype() == DType::kFloat16;
  writer.begin_features(is_half ? DType::kFloat16 : DType::kFloat32, width, stream.name());
  Progress progress("features", "nodes", shape[0]);
  std::vector<std::byte> bytes;
  std::vector<float> values;
  in_pieces(shape[0], width, [&](int64_t, int64_t count) {
    if (is_half) {
      bytes.resize(static_cast<size_t>(count * width * 2));
      stream.read_bytes(bytes);
      writer.append_features(bytes);
    } else {
      values.resize(static_cast<size_t>(count * width));
      stream.read(std::span(values));
      writer.append_features(std::as_writable_bytes(std::span(values)));
    }
    progress.advance(count);
  });
  progress.finish();
  writer.end_features();
}

void copy_features(LineReader reader, DatasetWriter& writer) {
  Progress progress("features", "nodes", std::max<int64_t>(0, writer.num_nodes()));
  std::vector<float> rows;
  size_t width = 0;
  std::string_view line;
  while (reader.next(line)) {
    if (reader.line_number() == 1 && is_header(line)) continue;
    const size_t before = rows.size();
    for (std::string_view field = take_field(line); !field.empty(); field = take_field(line)) {
      rows.push_back(parse_float(field, reader));
    }
    const size_t found = rows.size() - before;
    if (width == 0) {
      width = found;
      writer.begin_features(DType::kFloat32, static_cast<int64_t>(width), reader.name());
    }
    if (found != width) {
      throw data_error(reader.place(), fmt::format("{} features, as in the first row", width),
                       fmt::format("{}", found));
    }
    if (static_cast<int64_t>(rows.size()) < kChunkElements) continue;
    progress.advance(static_cast<int64_t>(rows.size() / width));
    writer.append_features(std::as_writable_bytes(std::span(rows)));
    rows.clear();
  }
  if (width == 0) throw data_error(reader.name(), "one line of features per node", "none");
  progress.advance(static_cast<int64_t>(rows.size() / width));
  writer.append_features(std::as_writable_bytes(std::span(rows)));
  progress.finish();
  writer.end_features();
}

void copy_labels(ArrayStream stream, DatasetWriter& writer) {
  const std::vector<int64_t>& shape = stream.shape();
  if (shape.empty() || stream.num_elements() != shape[0]) {
    throw data_error(stream.name(), "labels as [N] or [N, 1], one class per node", stream.describe());
  }
  if (writer.num_nodes() != shape[0]) writer.set_num_nodes(shape[0], stream.name());
  writer.begin_labels(stream.name());
  std::vector<int64_t> labels;
  in_pieces(shape[0], 1, [&](int64_t, int64_t count) {
    labels.resize(static_cast<size_t>(count));
    stream.read(std::span(labels));
    writer.append_labels(labels);
  });
  writer.end_labels();
}

void copy_labels(LineReader reader, DatasetWriter& writer) {
  writer.begin_labels(reader.name());
  auto batch = make_batch<int64_t>([&](std::span<int64_t> labels) { writer.append_labels(labels); });
  std::string_view line;
  while (reader.next(line)) {
    if (reader.line_number() == 1 && is_header(line) && line != "nan" && line != "\"\"") continue;
    const std::string_view field = take_field(line);
    const int64_t label = parse_label(field, reader);
    if (!take_field(line).empty()) throw data_error(reader.place(), "one class per line", "several fields");
    batch.add(label);
  }
  batch.flush();
  writer.end_labels();
}

void copy_split(ArrayStream stream, MaskIndex mask, Split split, DatasetWriter& writer) {
  writer.begin_split(split, stream.name());
  if (mask) {
    copy_matrix_mask(stream, *mask, writer);
    return writer.end_split();
  }
  if (stream.shape().size() != 1 || !is_integer(stream.dtype())) {
    throw data_error(stream.name(), "node ids or a mask, [n] of integers or bool", stream.describe());
  }
  const int64_t count = stream.shape()[0];
  if (is_mask(stream.dtype())) {
    if (count != writer.num_nodes()) {
      throw data_error(stream.name(), fmt::format("a mask of {} nodes", writer.num_nodes()), stream.describe());
    }
    copy_mask(stream, 0, count, 1, writer);
  } else {
    std::vector<int64_t> ids;
    in_pieces(count, 1, [&](int64_t, int64_t length) {
      ids.resize(static_cast<size_t>(length));
      stream.read(std::span(ids));
      writer.append_split(ids);
    });
  }
  writer.end_split();
}

void copy_split(LineReader reader, Split split, DatasetWriter& writer) {
  writer.begin_split(split, reader.name());
  auto batch = make_batch<int64_t>([&](std::span<int64_t> ids) { writer.append_split(ids); });
  std::string_view line;
  while (reader.next(line)) {
    if (reader.line_number() == 1 && is_header(line)) continue;
    const int64_t id = parse_integer(take_field(line), reader);
    check_node_id(id, writer.num_nodes(), [&] { return reader.place(); });
    if (!take_field(line).empty()) throw data_error(reader.place(), "one node id per line", "several fields");
    batch.add(id);
  }
  batch.flush();
  writer.end_split();
}

void copy_positional(const std::filesystem::path& path, DatasetWriter& writer) {
  if (path.empty()) return;
  ArrayStream stream = ArrayStream::open_npy(path);
  const std::vector<int64_t>& shape = stream.shape();
  if (shape.size() != 2 || stream.dtype() != DType::kFloat32) {
    throw data_error(stream.name(), "positional encodings as float32 [N, G]", stream.describe());
  }
  if (writer.num_nodes() != shape[0]) writer.set_num_nodes(shape[0], stream.name());
  writer.begin_positional(shape[1], stream.name());
  Progress progress("positional", "nodes", shape[0]);
  std::vector<float> values;
  in_pieces(shape[0], shape[1], [&](int64_t, int64_t count) {
    values.resize(static_cast<size_t>(count * shape[1]));
    stream.read(std::span(values));
    writer.append_positional(values);
    progress.advance(count);
  });
  progress.finish();
  writer.end_positional();
}

void copy_names(const std::filesystem::path& path, DatasetWriter& writer) {
  if (path.empty()) return;
  LineReader reader(path);
  std::string_view line;
  while (reader.next(line)) writer.append_name(line);
}

void copy_attributes(const AttributeFiles& files, DatasetWriter& writer) {
  const auto features = [&](auto source) { copy_features(std::move(source), writer); };
  const auto labels = [&](auto source) { copy_labels(std::move(source), writer); };
  open_by_name(files.features, features, features);
  open_by_name(files.labels, labels, labels);
  copy_positional(files.positional, writer);
  copy_names(files.names, writer);
  const std::array<std::pair<Split, const std::filesystem::path*>, 3> splits = {
      {{Split::kTrain, &files.train}, {Split::kValid, &files.valid}, {Split::kTest, &files.test}}};
  for (const auto& [split, path] : splits) {
    open_by_name(
        *path, [&, which = split](ArrayStream stream) { copy_split(std::move(stream), {}, which, writer); },
        [&, which = split](LineReader reader) { copy_split(std::move(reader), which, writer); });
  }
}

}  // namespace gigahop::dataset
