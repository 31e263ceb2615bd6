#include "dataset/edge_source.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/progress.h"
#include "dataset/fields.h"

namespace gigahop::dataset {
namespace {

constexpr int64_t kChunkIds = int64_t{1} << 19;
constexpr int64_t kProgressLines = int64_t{1} << 16;

void copy_rows(ArrayStream& stream, DatasetWriter& writer) {
  const int64_t num_ids = stream.num_elements();
  writer.begin_edge_rows(num_ids / 2, stream.name());
  Progress progress("edges", "ids", num_ids);
  std::vector<int64_t> ids;
  for (int64_t at = 0; at < num_ids; at += kChunkIds) {
    ids.resize(static_cast<size_t>(std::min(kChunkIds, num_ids - at)));
    stream.read(std::span(ids));
    writer.append_edge_rows(ids);
    progress.advance(static_cast<int64_t>(ids.size()));
  }
  progress.finish();
}

void copy_pairs(ArrayStream& stream, DatasetWriter& writer) {
  const int64_t num_edges = stream.shape()[0];
  Progress progress("edges", "edges", num_edges);
  std::vector<int64_t> pairs;
  std::vector<int64_t> sources;
  std::vector<int64_t> targets;
  for (int64_t at = 0; at < num_edges; at += kChunkIds) {
    const auto count = static_cast<size_t>(std::min(kChunkIds, num_edges - at));
    pairs.resize(2 * count);
    sources.resize(count);
    targets.resize(count);
    stream.read(std::span(pairs));
    for (size_t i = 0; i < count; ++i) {
      sources[i] = pairs[2 * i];
      targets[i] = pairs[2 * i + 1];
    }
    writer.append_edges(sources, targets, stream.name());
    progress.advance(static_cast<int64_t>(count));
  }
  progress.finish();
}

}  // namespace

EdgeBatch::EdgeBatch(DatasetWriter& writer, std::string place) : writer_(writer), place_(std::move(place)) {
  sources_.reserve(kPiece);
  targets_.reserve(kPiece);
}

void EdgeBatch::flush() {
  writer_.append_edges(sources_, targets_, place_);
  sources_.clear();
  targets_.clear();
}

void copy_edges(LineReader reader, DatasetWriter& writer) {
  EdgeBatch batch(writer, reader.name());
  Progress progress("edges", "lines", 0);
  const auto place = [&] { return reader.place(); };
  std::string_view line;
  bool may_be_header = true;
  while (reader.next(line)) {
    if (reader.line_number() % kProgressLines == 0) progress.advance(kProgressLines);
    if (line.empty() || line.front() == '#' || line.front() == '%') continue;
    if (std::exchange(may_be_header, false) && is_header(line)) continue;
    const std::string_view first = take_field(line);
    if (first.empty()) continue;
    const int64_t source = parse_integer(first, reader);
    const int64_t target = parse_integer(take_field(line), reader);
    check_node_id(source, writer.num_nodes(), place);
    check_node_id(target, writer.num_nodes(), place);
    batch.add(source, target);
  }
  batch.flush();
  progress.advance(reader.line_number() % kProgressLines);
  progress.finish();
}

void copy_edges(ArrayStream stream, EdgeLayout if_square, DatasetWriter& writer) {
  const std::vector<int64_t>& shape = stream.shape();
  const bool may_be_rows = shape.size() == 2 && shape[0] == 2;
  const bool may_be_pairs = shape.size() == 2 && shape[1] == 2;
  if ((!may_be_rows && !may_be_pairs) || array::bytes_of(stream.dtype()) < 4 ||
      stream.dtype() == array::DType::kFloat32 || stream.dtype() == array::DType::kFloat64) {
    throw data_error(stream.name(), "edges as int64 or int32 [2, E] or [E, 2]", stream.describe());
  }
  if (may_be_rows && (!may_be_pairs || if_square == EdgeLayout::kRows)) {
    copy_rows(stream, writer);
  } else {
    copy_pairs(stream, writer);
  }
}

}  // namespace gigahop::dataset
