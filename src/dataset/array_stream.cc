#include "dataset/array_stream.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <type_traits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace gigahop::dataset {
namespace {

using array::DType;

constexpr size_t kMaxHeaderBytes = size_t{64} << 10;

/// Calls visit(pointer to const T) with the C++ type of `dtype`.
template <class Visit>
void visit_elements(DType dtype, const std::byte* bytes, Visit&& visit) {
  switch (dtype) {
    case DType::kBool:
    case DType::kUInt8:
      return visit(reinterpret_cast<const uint8_t*>(bytes));
    case DType::kInt8:
      return visit(reinterpret_cast<const int8_t*>(bytes));
    case DType::kInt16:
      return visit(reinterpret_cast<const int16_t*>(bytes));
    case DType::kUInt16:
      return visit(reinterpret_cast<const uint16_t*>(bytes));
    case DType::kInt32:
      return visit(reinterpret_cast<const int32_t*>(bytes));
    case DType::kUInt32:
      return visit(reinterpret_cast<const uint32_t*>(bytes));
    case DType::kInt64:
      return visit(reinterpret_cast<const int64_t*>(bytes));
    case DType::kUInt64:
      return visit(reinterpret_cast<const uint64_t*>(bytes));
    case DType::kFloat16:
      return visit(reinterpret_cast<const Float16*>(bytes));
    case DType::kBFloat16:
      return visit(reinterpret_cast<const BFloat16*>(bytes));
    case DType::kFloat32:
      return visit(reinterpret_cast<const float*>(bytes));
    case DType::kFloat64:
      return visit(reinterpret_cast<const double*>(bytes));
  }
}

template <class T>
auto plain(T value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return to_float(value);
  } else {
    return value;
  }
}

/// False for a number that is no integer of 64 bits.
template <class T>
bool to_integer(T value, int64_t& out) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {
      out = -1;
      return true;
    }
    if (std::floor(value) != value || std::abs(value) > T(1e15)) return false;
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    if (value > uint64_t{INT64_MAX}) return false;
  }
  out = static_cast<int64_t>(value);
  return true;
}

}  // namespace

ArrayStream ArrayStream::open_npy(const std::filesystem::path& path) {
  ArrayStream stream;
  stream.name_ = path.string();
  auto file = std::make_shared<std::ifstream>(path, std::ios::binary);
  if (!*file || std::filesystem::is_directory(path)) {
    throw data_error(stream.name_, "a readable .npy file", std::filesystem::exists(path) ? "something else" : "none");
  }
  std::vector<std::byte> head(kMaxHeaderBytes);
  file->read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file->gcount()));
  stream.header_ = array::parse_npy_header(head, stream.name_);
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path));
  if (size != stream.header_.file_bytes()) {
    throw data_error(stream.name_, fmt::format("{} bytes ({})", stream.header_.file_bytes(), stream.describe()),
                     fmt::format("{}", size), "the file is truncated or damaged");
  }
  file->clear();
  file->seekg(stream.header_.data_offset);
  stream.read_ = [file, name = stream.name_](std::span<std::byte> out) {
    file->read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (static_cast<size_t>(file->gcount()) != out.size()) {
      throw data_error(name, fmt::format("{} more bytes", out.size()), fmt::format("{}", file->gcount()),
                       "the file changed while it was read");
    }
  };
  return stream;
}

ArrayStream ArrayStream::open_npz(const array::NpzReader& archive, const std::filesystem::path& path,
                                  std::string_view name) {
  if (!archive.contains(name)) {
    throw data_error(path.string(), fmt::format("an array named {}", name),
                     fmt::format("the arrays {}", fmt::join(archive.names(), ", ")));
  }
  ArrayStream stream;
  stream.name_ = fmt::format("{}, array {}", path.string(), name);
  auto member = std::make_shared<array::NpzMember>(archive.open(name));
  stream.header_ = member->header();
  stream.read_ = [member](std::span<std::byte> out) { member->read(out); };
  return stream;
}

std::string ArrayStream::describe() const {
  return fmt::format("{} [{}]", array::name(header_.dtype), fmt::join(header_.shape, ", "));
}

void ArrayStream::read(std::span<int64_t> out) {
  scratch_.resize(out.size() * static_cast<size_t>(array::bytes_of(dtype())));
  read_bytes(scratch_);
  visit_elements(dtype(), scratch_.data(), [&](const auto* values) {
    for (size_t i = 0; i < out.size(); ++i) {
      if (to_integer(plain(values[i]), out[i])) continue;
      throw data_error(fmt::format("{}, element {}", name_, num_read_ + static_cast<int64_t>(i)), "an integer",
                       fmt::format("{}", plain(values[i])));
    }
  });
  num_read_ += static_cast<int64_t>(out.size());
}

void ArrayStream::read(std::span<float> out) {
  scratch_.resize(out.size() * static_cast<size_t>(array::bytes_of(dtype())));
  read_bytes(scratch_);
  visit_elements(dtype(), scratch_.data(), [&](const auto* values) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(plain(values[i]));
  });
  num_read_ += static_cast<int64_t>(out.size());
}

}  // namespace gigahop::dataset
