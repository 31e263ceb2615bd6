/// .npy files: read through a memory map or by slices, written in order or by positions, checksummed on the way.
///
/// Only little-endian, C-ordered arrays are accepted; anything else is one Error{kData} naming file, expected, found.
/// A header is believed only where the file's size agrees, so a file that claims 2^60 rows allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "array/dtype.h"
#include "base/checksum.h"
#include "base/files.h"

namespace gigahop::array {

struct NpyHeader {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;  // empty: a scalar
  int64_t data_offset = 0;     // bytes from the start of the file

  int64_t num_elements() const;
  int64_t num_rows() const;      // shape[0], 1 for a scalar
  int64_t row_elements() const;  // product of the other extents
  int64_t file_bytes() const;    // header and data
};

/// Reads the header at the start of `bytes` (a file or the beginning of one; 64 KiB suffice).
NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view place);
/// The header as numpy writes it (version 1.0, padded to 64 bytes, the same size whatever the first extent).
/// bfloat16 is written as uint16.
std::string format_npy_header(DType dtype, std::span<const int64_t> shape);

/// A whole .npy file, mapped.
class NpyArray {
 public:
  NpyArray() = default;
  /// Error{kData} unless the bytes are one complete array.
  explicit NpyArray(const std::filesystem::path& path);

  DType dtype() const { return header_.dtype; }
  /// As a manifest says of a uint16 file: kUInt16 to kBFloat16; Error{kInternal} otherwise.
  void reinterpret(DType dtype);
  const std::vector<int64_t>& shape() const { return header_.shape; }
  int64_t num_rows() const { return header_.num_rows(); }
  int64_t row_elements() const { return header_.row_elements(); }
  std::span<const std::byte> bytes() const { return file_.bytes().subspan(static_cast<size_t>(header_.data_offset)); }
  std::span<const std::byte> file_bytes() const { return file_.bytes(); }
  const std::filesystem::path& path() const { return file_.path(); }

  /// False for an array made without a file, which has no values.
  bool is_open() const { return !file_.bytes().empty(); }

  /// All elements as T; Error{kData} naming the file if its dtype is not T's.
  template <class T>
  std::span<const T> values() const {
    if (!is_open()) return {};
    expect_dtype(dtype_of<T>());
    return {reinterpret_cast<const T*>(bytes().data()), static_cast<size_t>(header_.num_elements())};
  }
  /// Error{kData} unless the shape is exactly this; -1 = any extent.
  void expect_shape(std::span<const int64_t> expected) const;
  void expect_shape(std::initializer_list<int64_t> expected) const;
  void expect_dtype(DType expected) const;

 private:
  MappedFile file_;
  NpyHeader header_{DType::kFloat32, {0}, 0};
};

/// Elements of an array read by positions, for files that are too large to become pages of ours.
class NpySliceReader {
 public:
  NpySliceReader() = default;
  /// Error{kData} unless the file is one complete array.
  explicit NpySliceReader(const std::filesystem::path& path);

  DType dtype() const { return header_.dtype; }
  const std::vector<int64_t>& shape() const { return header_.shape; }
  int64_t num_rows() const { return header_.num_rows(); }
  int64_t row_elements() const { return header_.row_elements(); }
  const std::filesystem::path& path() const { return file_.path(); }

  /// Elements from `first` on, as many as fill `out`.
  void read_bytes(int64_t first, std::span<std::byte> out) const;
  /// The same of an int32 or int64 array, as int64; Error{kData} for other dtypes.
  void read_integers(int64_t first, std::span<int64_t> out) const;

 private:
  InputFile file_;
  NpyHeader header_{DType::kFloat32, {0}, 0};
};

/// What a finished array file is, for manifests (turned into proto::ArrayRecord by array/manifest.h).
struct ArrayFile {
  std::string file;  // name within its folder
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  int64_t bytes = 0;
  uint64_t checksum = 0;
};

/// Writes one array front to back. The first extent may be left open (-1) until finish(), which then reads the file
/// once more for its checksum. A file that was not finished is not a valid array, or an empty one.
class NpyWriter {
 public:
  NpyWriter(const std::filesystem::path& path, DType dtype, std::vector<int64_t> shape);

  void append_bytes(std::span<const std::byte> bytes);
  template <class T>
  void append(std::span<const T> values) {
    expect_dtype(dtype_of<T>());
    append_bytes(std::as_bytes(values));
  }
  /// Syncs, closes; Error{kInternal} if the number of elements written is not the shape's.
  ArrayFile finish();

 private:
  void expect_dtype(DType given) const;

  OutputFile file_;
  DType dtype_;
  std::vector<int64_t> shape_;
  Checksum checksum_;
  int64_t data_bytes_ = 0;
  int64_t header_bytes_ = 0;
};

/// One call for an array in memory.
template <class T>
ArrayFile write_npy(const std::filesystem::path& path, std::span<const T> values, std::vector<int64_t> shape) {
  NpyWriter writer(path, dtype_of<T>(), std::move(shape));
  writer.append(values);
  return writer.finish();
}

/// Positioned writing by several ranks: one calls create_npy, all open and write their rows, one calls describe_npy
/// after a barrier, which reads the file once for its checksum.
void create_npy(const std::filesystem::path& path, DType dtype, std::span<const int64_t> shape);
class NpySliceWriter {
 public:
  explicit NpySliceWriter(const std::filesystem::path& path);
  void write_rows(int64_t first_row, std::span<const std::byte> bytes);
  void close() { file_.close(); }

 private:
  NpyHeader header_;
  OutputFile file_;
};
/// dtype as stored: uint16 for bfloat16, which the caller corrects before it is recorded.
ArrayFile describe_npy(const std::filesystem::path& path);

}  // namespace gigahop::array
