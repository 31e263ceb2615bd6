/// A matrix on disk that is filled block of columns by block of columns, and the features a shard offers for reading
/// so.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "array/npy.h"
#include "graph/shard.h"
#include "tensor/matrix.h"

namespace gigahop::encode {

/// Columns of one block and where in a row they belong.
struct Columns {
  int64_t first_element = 0;
  MatrixView<const float> values;  // [rows, w]
};

class ColumnFile {
 public:
  /// Makes the file, all zeros. dtype: kFloat32, kFloat16 or kBFloat16.
  ColumnFile(const std::filesystem::path& path, array::DType dtype, const std::vector<int64_t>& shape);

  /// Pieces that cover whole rows together are written in one pass; else the rest of each row is read and kept.
  /// Syncs; between writes no file is open, so there may be any number of these.
  void write(std::span<const Columns> pieces) const;
  /// Its record, under the name given here. Reads the file once for the checksum.
  array::ArrayFile describe(const std::string& final_name) const;

 private:
  void fill_rows(std::span<const Columns> pieces, int64_t first_row, int64_t num_rows, std::span<std::byte> rows) const;

  std::filesystem::path path_;
  array::DType dtype_;
  int64_t num_rows_ = 0;
  int64_t row_elements_ = 0;
};

/// x of a shard: features.npy where it still lies there, else hop 0 of tokens.npy.
class FeatureRows {
 public:
  explicit FeatureRows(const graph::Shard& shard);

  /// out [owned, w] = columns [first_column, first_column + w)
  void read(int64_t first_column, MatrixView<float> out) const;

 private:
  const array::NpyArray& array_;
  int64_t row_elements_;
};

bool lists_features(const graph::Shard& shard);

}  // namespace gigahop::encode
