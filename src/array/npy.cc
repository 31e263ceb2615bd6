#include "array/npy.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/progress.h"

namespace gigahop::array {
namespace {

std::string shape_text(std::span<const int64_t> shape) {
  std::string text;
  for (const int64_t extent : shape) {
    if (!text.empty()) text += ", ";
    text += extent < 0 ? "any" : std::to_string(extent);
  }
  return "shape (" + text + (shape.size() == 1 ? ",)" : ")");
}

std::string bytes_text(size_t bytes) {
  return with_commas(static_cast<int64_t>(bytes)) + " bytes";
}

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void require_whole(const NpyHeader& header, const std::filesystem::path& path, size_t size) {
  if (static_cast<size_t>(header.file_bytes()) == size) return;
  throw data_error(path.string(), bytes_text(static_cast<size_t>(header.file_bytes())), bytes_text(size),
                   "the file is truncated or damaged");
}

NpyHeader read_header(const InputFile& file) {
  constexpr uint64_t kLongest = 64 << 10;
  std::vector<std::byte> begin(static_cast<size_t>(std::min(file.size(), kLongest)));
  file.read_at(0, begin);
  NpyHeader header = parse_npy_header(begin, file.path().string());
  require_whole(header, file.path(), file.size());
  return header;
}

}  // namespace

NpyArray::NpyArray(const std::filesystem::path& path) : file_(path) {
  header_ = parse_npy_header(file_.bytes(), path.string());
  require_whole(header_, path, file_.bytes().size());
  if (header_.data_offset % bytes_of(header_.dtype) != 0) {
    throw data_error(path.string(), "data aligned to its elements", fmt::format("data at byte {}", header_.data_offset),
                     "save it again with numpy.save");
  }
}

void NpyArray::reinterpret(DType dtype) {
  require(header_.dtype == DType::kUInt16 && dtype == DType::kBFloat16, "only uint16 is reinterpreted, as bfloat16");
  header_.dtype = dtype;
}

void NpyArray::expect_shape(std::span<const int64_t> expected) const {
  bool equal = expected.size() == header_.shape.size();
  for (size_t axis = 0; equal && axis < expected.size(); ++axis) {
    equal = expected[axis] < 0 || expected[axis] == header_.shape[axis];
  }
  if (!equal) throw data_error(path().string(), shape_text(expected), shape_text(header_.shape));
}

void NpyArray::expect_shape(std::initializer_list<int64_t> expected) const {
  expect_shape(std::span(expected.begin(), expected.size()));
}

void NpyArray::expect_dtype(DType expected) const {
  if (header_.dtype == expected) return;
  throw data_error(path().string(), fmt::format("dtype {}", name(expected)),
                   fmt::format("dtype {}", name(header_.dtype)));
}

NpySliceReader::NpySliceReader(const std::filesystem::path& path) : file_(path), header_(read_header(file_)) {}

void NpySliceReader::read_bytes(int64_t first, std::span<std::byte> out) const {
  const int64_t size = bytes_of(header_.dtype);
  require(first >= 0 && first * size + static_cast<int64_t>(out.size()) <= header_.num_elements() * size,
          "elements are read inside the array");
  file_.read_at(static_cast<uint64_t>(header_.data_offset + first * size), out);
}

void NpySliceReader::read_integers(int64_t first, std::span<int64_t> out) const {
  const std::span<std::byte> bytes = std::as_writable_bytes(out);
  if (dtype() == DType::kInt64) return read_bytes(first, bytes);
  if (dtype() != DType::kInt32) {
    throw data_error(path().string(), "dtype int64 or int32", fmt::format("dtype {}", name(dtype())));
  }
  // Read into the back half and widened from the front, an element is taken before its place is written.
  const std::span<std::byte> narrow = bytes.last(bytes.size() / 2);
  read_bytes(first, narrow);
  for (size_t i = 0; i < out.size(); ++i) {
    int32_t value = 0;
    std::memcpy(&value, narrow.data() + i * sizeof(value), sizeof(value));
    out[i] = value;
  }
}

NpyWriter::NpyWriter(const std::filesystem::path& path, DType dtype, std::vector<int64_t> shape)
    : file_(path), dtype_(dtype), shape_(std::move(shape)) {
  std::vector<int64_t> written_shape = shape_;
  if (!written_shape.empty() && written_shape[0] < 0) written_shape[0] = 0;
  const std::string header = format_npy_header(dtype_, written_shape);
  header_bytes_ = static_cast<int64_t>(header.size());
  file_.append(as_bytes(header));
  checksum_.update(as_bytes(header));
}

void NpyWriter::append_bytes(std::span<const std::byte> bytes) {
  file_.append(bytes);
  checksum_.update(bytes);
  data_bytes_ += static_cast<int64_t>(bytes.size());
}

void NpyWriter::expect_dtype(DType given) const {
  require(given == dtype_, fmt::format("{}: values of dtype {} go into an array of dtype {}", file_.path().string(),
                                       name(given), name(dtype_)));
}

ArrayFile NpyWriter::finish() {
  NpyHeader header{dtype_, shape_, header_bytes_};
  const bool open = !shape_.empty() && shape_[0] < 0;
  if (open) {
    const int64_t row_bytes = header.row_elements() * bytes_of(dtype_);
    header.shape[0] = row_bytes > 0 ? data_bytes_ / row_bytes : 0;
  }
  require(header.file_bytes() == header_bytes_ + data_bytes_,
          fmt::format("{}: {} data bytes were written for {}", file_.path().string(), data_bytes_, shape_text(shape_)));
  if (open) {
    const std::string text = format_npy_header(dtype_, header.shape);
    require(static_cast<int64_t>(text.size()) == header_bytes_, "a header keeps its size when its first extent grows");
    file_.write_at(0, as_bytes(text));
  }
  const std::filesystem::path path = file_.path();
  file_.close();
  if (open) {
    ArrayFile described = describe_npy(path);
    described.dtype = dtype_;
    return described;
  }
  return {path.filename().string(), dtype_, shape_, header.file_bytes(), checksum_.value()};
}

void create_npy(const std::filesystem::path& path, DType dtype, std::span<const int64_t> shape) {
  const std::string text = format_npy_header(dtype, shape);
  const NpyHeader header{dtype, {shape.begin(), shape.end()}, static_cast<int64_t>(text.size())};
  OutputFile file(path);
  file.append(as_bytes(text));
  file.resize(static_cast<uint64_t>(header.file_bytes()));
  file.close();
}

NpySliceWriter::NpySliceWriter(const std::filesystem::path& path)
    : header_(read_header(InputFile(path))), file_(path, OutputFile::Open::kExisting) {}

void NpySliceWriter::write_rows(int64_t first_row, std::span<const std::byte> bytes) {
  const int64_t row_bytes = header_.row_elements() * bytes_of(header_.dtype);
  const int64_t offset = header_.data_offset + first_row * row_bytes;
  require(first_row >= 0 && offset + static_cast<int64_t>(bytes.size()) <= header_.file_bytes(),
          fmt::format("{}: rows written from row {} lie inside the array", file_.path().string(), first_row));
  file_.write_at(static_cast<uint64_t>(offset), bytes);
}

ArrayFile describe_npy(const std::filesystem::path& path) {
  constexpr uint64_t kChunkBytes = 256 << 10;
  const InputFile file(path);
  const NpyHeader header = read_header(file);
  std::vector<std::byte> chunk(static_cast<size_t>(std::min(file.size(), kChunkBytes)));
  Checksum checksum;
  for (uint64_t offset = 0; offset < file.size(); offset += chunk.size()) {
    const auto bytes =
        std::span(chunk).first(static_cast<size_t>(std::min<uint64_t>(chunk.size(), file.size() - offset)));
    file.read_at(offset, bytes);
    checksum.update(bytes);
  }
  return {path.filename().string(), header.dtype, header.shape, header.file_bytes(), checksum.value()};
}

}  // namespace gigahop::array
