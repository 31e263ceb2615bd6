#include "encode/column_file.h"

#include <algorithm>
#include <cstring>

#include "array/manifest.h"
#include "base/error.h"

namespace gigahop::encode {
namespace {

constexpr int64_t kChunkBytes = int64_t{4} << 20;

/// memcpy: neither side needs to be aligned.
template <class T, class Convert>
void store(const float* values, int64_t count, std::byte* out, const Convert& convert) {
  for (int64_t i = 0; i < count; ++i) {
    const T stored = convert(values[i]);
    std::memcpy(out + i * static_cast<int64_t>(sizeof(T)), &stored, sizeof(T));
  }
}

void store_as(array::DType dtype, const float* values, int64_t count, std::byte* out) {
  if (dtype == array::DType::kFloat32) {
    std::memcpy(out, values, static_cast<size_t>(count) * sizeof(float));
  } else if (dtype == array::DType::kFloat16) {
    store<Float16>(values, count, out, to_float16);
  } else {
    require(dtype == array::DType::kBFloat16, "columns are stored as float32, float16 or bfloat16");
    store<BFloat16>(values, count, out, to_bfloat16);
  }
}

template <class T>
void read_columns(std::span<const T> values, int64_t row_elements, int64_t first_column, MatrixView<float> out) {
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < out.rows; ++row) {
    const T* from = values.data() + row * row_elements + first_column;
    for (int64_t c = 0; c < out.cols; ++c) {
      if constexpr (std::is_same_v<T, float>) {
        out.row(row)[c] = from[c];
      } else {
        out.row(row)[c] = to_float(from[c]);
      }
    }
  }
}

}  // namespace

ColumnFile::ColumnFile(const std::filesystem::path& path, array::DType dtype, const std::vector<int64_t>& shape)
    : path_(path), dtype_(dtype) {
  array::create_npy(path, dtype, shape);
  const array::NpyHeader header{dtype, shape, 0};
  num_rows_ = header.num_rows();
  row_elements_ = header.row_elements();
}

void ColumnFile::write(std::span<const Columns> pieces) const {
  array::NpySliceWriter writer(path_);
  const int64_t row_bytes = row_elements_ * array::bytes_of(dtype_);
  const int64_t rows_per_chunk = std::max<int64_t>(1, kChunkBytes / std::max<int64_t>(1, row_bytes));
  int64_t covered = 0;
  for (const Columns& piece : pieces) covered += piece.values.cols;
  const array::NpyArray before = covered < row_elements_ ? array::NpyArray(path_) : array::NpyArray();
  std::vector<std::byte> buffer(static_cast<size_t>(std::min(rows_per_chunk, num_rows_) * row_bytes));
  for (int64_t first = 0; first < num_rows_; first += rows_per_chunk) {
    const int64_t count = std::min(rows_per_chunk, num_rows_ - first);
    const auto rows = std::span(buffer).first(static_cast<size_t>(count * row_bytes));
    if (before.is_open()) std::copy_n(before.bytes().begin() + first * row_bytes, rows.size(), rows.begin());
    fill_rows(pieces, first, count, rows);
    writer.write_rows(first, rows);
  }
  writer.close();
}

void ColumnFile::fill_rows(std::span<const Columns> pieces, int64_t first_row, int64_t num_rows,
                           std::span<std::byte> rows) const {
  const int64_t element_bytes = array::bytes_of(dtype_);
  for (const Columns& piece : pieces) {
    for (int64_t i = 0; i < num_rows; ++i) {
      std::byte* out = rows.data() + (i * row_elements_ + piece.first_element) * element_bytes;
      store_as(dtype_, piece.values.row(first_row + i), piece.values.cols, out);
    }
  }
}

array::ArrayFile ColumnFile::describe(const std::string& final_name) const {
  array::ArrayFile file = array::describe_npy(path_);
  file.file = final_name;
  file.dtype = dtype_;
  return file;
}

bool lists_features(const graph::Shard& shard) {
  return array::find_record(shard.manifest().arrays(), "features.npy") != nullptr;
}

FeatureRows::FeatureRows(const graph::Shard& shard)
    : array_(lists_features(shard) ? shard.features() : shard.tokens()), row_elements_(array_.row_elements()) {}

void FeatureRows::read(int64_t first_column, MatrixView<float> out) const {
  switch (array_.dtype()) {
    case array::DType::kFloat32:
      return read_columns(array_.values<float>(), row_elements_, first_column, out);
    case array::DType::kFloat16:
      return read_columns(array_.values<Float16>(), row_elements_, first_column, out);
    default:
      return read_columns(array_.values<BFloat16>(), row_elements_, first_column, out);
  }
}

}  // namespace gigahop::encode
