/// Element types of arrays on disk, and how C++ types map to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/half.h"
#include "base/ids.h"

namespace gigahop::array {

/// kBFloat16 lies in .npy files as uint16 and in safetensors as BF16; only a manifest can tell it from kUInt16.
enum class DType {
  kBool,
  kInt8,
  kUInt8,
  kInt16,
  kUInt16,
  kInt32,
  kUInt32,
  kInt64,
  kUInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64
};

/// "float32", ... as in manifests and messages.
std::string_view name(DType dtype);
/// Error{kData} naming `place` for a name that is none.
DType parse_dtype(std::string_view text, std::string_view place);
int64_t bytes_of(DType dtype);

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::kUInt8;
}
template <>
constexpr DType dtype_of<uint16_t>() {
  return DType::kUInt16;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::kInt32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::kInt64;
}
template <>
constexpr DType dtype_of<uint64_t>() {
  return DType::kUInt64;
}
template <>
constexpr DType dtype_of<float>() {
  return DType::kFloat32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::kFloat64;
}
template <>
constexpr DType dtype_of<Float16>() {
  return DType::kFloat16;
}
template <>
constexpr DType dtype_of<BFloat16>() {
  return DType::kBFloat16;
}
template <>
constexpr DType dtype_of<OriginalId>() {
  return DType::kInt64;
}
template <>
constexpr DType dtype_of<GlobalId>() {
  return DType::kInt64;
}
template <>
constexpr DType dtype_of<LocalId>() {
  return DType::kInt32;
}

}  // namespace gigahop::array
