/// Edge lists as they come, from text or from an array, into a DatasetWriter.
#pragma once

#include "dataset/array_stream.h"
#include "dataset/dataset_writer.h"
#include "dataset/line_reader.h"

namespace gigahop::dataset {

/// Pairs of ids, one a line; further columns, lines that start with # or %, empty lines and column titles are ignored.
void copy_edges(LineReader reader, DatasetWriter& writer);

/// Integers [2, E] or [E, 2]; [2, 2] is taken as `kPairs` or `kRows` says.
enum class EdgeLayout { kPairs, kRows };
void copy_edges(ArrayStream stream, EdgeLayout if_square, DatasetWriter& writer);

/// Gathers edges one by one and hands them to the writer in pieces.
class EdgeBatch {
 public:
  EdgeBatch(DatasetWriter& writer, std::string place);
  void add(int64_t source, int64_t target) {
    sources_.push_back(source);
    targets_.push_back(target);
    if (sources_.size() == kPiece) flush();
  }
  void flush();

 private:
  static constexpr size_t kPiece = size_t{1} << 16;
  DatasetWriter& writer_;
  std::string place_;
  std::vector<int64_t> sources_;
  std::vector<int64_t> targets_;
};

}  // namespace gigahop::dataset
