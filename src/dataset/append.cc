#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/attributes.h"
#include "dataset/edge_source.h"
#include "dataset/import.h"
#include "graph/dataset_folder.h"
#include "graph/node_names.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChunkElements = int64_t{1} << 20;

/// What is there per node, in the base and as a file of rows of the new nodes.
struct Piece {
  const char* setting;
  bool base_has_it;
  const fs::path& added;  // empty: none
};

int64_t num_rows(const fs::path& file) {
  const std::vector<int64_t> shape = ArrayStream::open_npy(file).shape();
  return shape.empty() ? 0 : shape[0];
}

int64_t count_new_nodes(const AppendOptions& options, int64_t num_base) {
  if (options.num_nodes != 0) {
    if (options.num_nodes < num_base) {
      throw config_error("import.num_nodes", fmt::format("at least {}, the nodes of the base", num_base),
                         std::to_string(options.num_nodes));
    }
    return options.num_nodes - num_base;
  }
  for (const fs::path* file :
       {&options.attributes.features, &options.attributes.labels, &options.attributes.positional}) {
    if (!file->empty()) return num_rows(*file);
  }
  return 0;
}

void check_pieces(const std::vector<Piece>& pieces, int64_t num_new) {
  for (const Piece& piece : pieces) {
    if (!piece.base_has_it && !piece.added.empty()) {
      throw config_error(piece.setting, "nothing, as the base has none", piece.added.string());
    }
    if (piece.base_has_it && piece.added.empty() && num_new > 0) {
      throw config_error(piece.setting, fmt::format("rows of the {} new nodes, as the base has them", num_new), "none");
    }
  }
}

void expect_rows(const ArrayStream& stream, int64_t num_new, int64_t width) {
  const std::vector<int64_t>& shape = stream.shape();
  const int64_t rows = shape.empty() ? 0 : shape[0];
  if (rows == num_new && stream.num_elements() == num_new * width) return;
  throw data_error(stream.name(), fmt::format("[{}, {}], the new nodes alone", num_new, width), stream.describe());
}

/// Calls take(values) for one piece of the stream after another, each of whole rows.
template <class T, class Take>
void in_pieces(ArrayStream& stream, int64_t width, Take take) {
  const int64_t piece = std::max<int64_t>(1, kChunkElements / width) * width;
  std::vector<T> values;
  for (int64_t at = 0; at < stream.num_elements(); at += piece) {
    values.resize(static_cast<size_t>(std::min(piece, stream.num_elements() - at)));
    stream.read(std::span(values));
    take(std::span(values));
  }
}

void copy_half_rows(ArrayStream& stream, int64_t width, DatasetWriter& writer) {
  if (stream.dtype() != array::DType::kFloat16) {
    throw data_error(stream.name(), "float16 features, as the base has", stream.describe());
  }
  const int64_t row_bytes = width * int64_t{sizeof(Float16)};
  const int64_t total = stream.num_elements() * int64_t{sizeof(Float16)};
  const int64_t piece = std::max<int64_t>(1, kChunkElements / row_bytes) * row_bytes;
  std::vector<std::byte> bytes;
  for (int64_t at = 0; at < total; at += piece) {
    bytes.resize(static_cast<size_t>(std::min(piece, total - at)));
    stream.read_bytes(bytes);
    writer.append_features(bytes);
  }
}

/// The base's array, then the rows of the new nodes where there are any.
std::vector<ArrayStream> open_both(const graph::DatasetFolder& base, const char* file, const fs::path& added,
                                   int64_t num_new, int64_t width) {
  std::vector<ArrayStream> streams;
  streams.push_back(ArrayStream::open_npy(base.path() / file));
  if (added.empty()) return streams;
  streams.push_back(ArrayStream::open_npy(added));
  expect_rows(streams.back(), num_new, width);
  return streams;
}

void join_features(const graph::DatasetFolder& base, const fs::path& added, int64_t num_new, DatasetWriter& writer) {
  if (!base.has_features()) return;
  const int64_t width = base.manifest().feature_width();
  std::vector<ArrayStream> streams = open_both(base, "features.npy", added, num_new, width);
  const array::DType dtype = streams[0].dtype();
  if (dtype == array::DType::kBFloat16) {
    throw data_error(streams[0].name(), "features as float32 or float16, to append to", streams[0].describe());
  }
  writer.begin_features(dtype, width, streams.back().name());
  for (ArrayStream& stream : streams) {
    if (dtype == array::DType::kFloat16) {
      copy_half_rows(stream, width, writer);
    } else {
      in_pieces<float>(stream, width,
                       [&](std::span<float> rows) { writer.append_features(std::as_writable_bytes(rows)); });
    }
  }
  writer.end_features();
}

void join_positional(const graph::DatasetFolder& base, const fs::path& added, int64_t num_new, DatasetWriter& writer) {
  if (!base.has_positional()) return;
  const int64_t width = base.manifest().positional_width();
  std::vector<ArrayStream> streams = open_both(base, "positional.npy", added, num_new, width);
  writer.begin_positional(width, streams.back().name());
  for (ArrayStream& stream : streams) {
    in_pieces<float>(stream, width, [&](std::span<float> rows) { writer.append_positional(rows); });
  }
  writer.end_positional();
}

/// New nodes are unlabelled unless labels come with them.
void join_labels(const graph::DatasetFolder& base, const fs::path& added, int64_t num_new, DatasetWriter& writer) {
  if (!base.has_labels()) return;
  const auto& names = base.manifest().class_names();
  if (!names.empty()) writer.set_class_names({names.begin(), names.end()});
  std::vector<ArrayStream> streams = open_both(base, "labels.npy", added, num_new, 1);
  writer.begin_labels(streams.back().name());
  for (ArrayStream& stream : streams) {
    in_pieces<int64_t>(stream, 1, [&](std::span<int64_t> labels) { writer.append_labels(labels); });
  }
  if (added.empty()) {
    const std::vector<int64_t> none(static_cast<size_t>(std::min(num_new, kChunkElements)), -1);
    for (int64_t at = 0; at < num_new; at += kChunkElements) {
      writer.append_labels(std::span(none).first(static_cast<size_t>(std::min(kChunkElements, num_new - at))));
    }
  }
  writer.end_labels();
}

void join_split(std::span<const OriginalId> base_ids, const fs::path& added, Split split, DatasetWriter& writer) {
  if (base_ids.empty() && added.empty()) return;
  writer.begin_split(split, added.empty() ? fmt::format("{} split of the base", name(split)) : added.string());
  std::vector<int64_t> ids(base_ids.size());
  std::ranges::transform(base_ids, ids.begin(), &OriginalId::value);
  writer.append_split(ids);
  if (!added.empty()) {
    ArrayStream stream = ArrayStream::open_npy(added);
    if (stream.shape().size() != 1 || array::bytes_of(stream.dtype()) < 4) {
      throw data_error(stream.name(), "node ids, [n] of integers", stream.describe());
    }
    in_pieces<int64_t>(stream, 1, [&](std::span<int64_t> more) { writer.append_split(more); });
  }
  writer.end_split();
}

/// [2, E] of a file, in pairs.
void copy_edge_rows(const fs::path& file, DatasetWriter& writer) {
  const array::NpySliceReader reader(file);
  const int64_t num_edges = reader.row_elements();
  std::vector<int64_t> sources;
  std::vector<int64_t> targets;
  for (int64_t at = 0; at < num_edges; at += kChunkElements) {
    sources.resize(static_cast<size_t>(std::min(kChunkElements, num_edges - at)));
    targets.resize(sources.size());
    reader.read_integers(at, sources);
    reader.read_integers(num_edges + at, targets);
    writer.append_edges(sources, targets, file.string());
  }
}

void join_edges(const graph::DatasetFolder& base, const fs::path& added, DatasetWriter& writer) {
  copy_edge_rows(base.edges().path(), writer);
  if (added.extension() != ".npy") return copy_edges(LineReader(added), writer);
  ArrayStream stream = ArrayStream::open_npy(added);
  if (stream.shape().size() == 2 && stream.shape()[0] == 2) return copy_edge_rows(added, writer);
  copy_edges(std::move(stream), EdgeLayout::kPairs, writer);
}

}  // namespace

ImportSummary append_to_dataset(const AppendOptions& options, const Destination& destination) {
  const graph::DatasetFolder base(options.base);
  const int64_t num_base = base.manifest().num_nodes();
  const int64_t num_new = count_new_nodes(options, num_base);
  const AttributeFiles& added = options.attributes;
  const bool has_names = array::find_record(base.manifest().arrays(), graph::kNamesFile) != nullptr;
  check_pieces({{"import.features", base.has_features(), added.features},
                {"import.positional", base.has_positional(), added.positional},
                {"import.names", has_names, added.names}},
               num_new);
  DatasetWriter writer(destination, base.manifest().directed() ? Direction::kDirected : Direction::kUndirected,
                       options.nan);
  writer.set_num_nodes(num_base + num_new, "the base and the new nodes");
  writer.set_origin(base.manifest(), base.fingerprint());
  join_features(base, added.features, num_new, writer);
  join_labels(base, added.labels, num_new, writer);
  join_positional(base, added.positional, num_new, writer);
  join_split(base.train(), added.train, Split::kTrain, writer);
  join_split(base.valid(), added.valid, Split::kValid, writer);
  join_split(base.test(), added.test, Split::kTest, writer);
  if (has_names) copy_names(base.path() / graph::kNamesFile, writer);
  copy_names(added.names, writer);
  join_edges(base, options.edges, writer);
  return writer.finish();
}

}  // namespace gigahop::dataset
