#include "array/npy.h"

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

}  // namespace

NpyArray::NpyArray(const std::filesystem::path& path) : file_(path) {
  header_ = parse_npy_header(file_.bytes(), path.string());
  if (static_cast<size_t>(header_.file_bytes()) != file_.bytes().size()) {
    throw data_error(path.string(), bytes_text(static_cast<size_t>(header_.file_bytes())),
                     bytes_text(file_.bytes().size()), "the file is truncated or damaged");
  }
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
    : header_(parse_npy_header(MappedFile(path).bytes(), path.string())), file_(path, OutputFile::Open::kExisting) {}

void NpySliceWriter::write_rows(int64_t first_row, std::span<const std::byte> bytes) {
  const int64_t row_bytes = header_.row_elements() * bytes_of(header_.dtype);
  const int64_t offset = header_.data_offset + first_row * row_bytes;
  require(first_row >= 0 && offset + static_cast<int64_t>(bytes.size()) <= header_.file_bytes(),
          fmt::format("{}: rows written from row {} lie inside the array", file_.path().string(), first_row));
  file_.write_at(static_cast<uint64_t>(offset), bytes);
}

ArrayFile describe_npy(const std::filesystem::path& path) {
  const NpyArray array(path);
  return {path.filename().string(), array.dtype(), array.shape(), static_cast<int64_t>(array.file_bytes().size()),
          checksum_of(array.file_bytes())};
}

}  // namespace gigahop::array
