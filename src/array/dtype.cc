#include "array/dtype.h"

#include <array>

#include "base/error.h"

namespace gigahop::array {
namespace {

struct Entry {
  DType dtype;
  std::string_view name;
  int64_t bytes;
};

constexpr std::array<Entry, 13> kTable = {{
    {DType::kBool, "bool", 1},
    {DType::kInt8, "int8", 1},
    {DType::kUInt8, "uint8", 1},
    {DType::kInt16, "int16", 2},
    {DType::kUInt16, "uint16", 2},
    {DType::kInt32, "int32", 4},
    {DType::kUInt32, "uint32", 4},
    {DType::kInt64, "int64", 8},
    {DType::kUInt64, "uint64", 8},
    {DType::kFloat16, "float16", 2},
    {DType::kBFloat16, "bfloat16", 2},
    {DType::kFloat32, "float32", 4},
    {DType::kFloat64, "float64", 8},
}};

const Entry& entry(DType dtype) {
  const Entry& found = kTable.at(static_cast<size_t>(dtype));
  require(found.dtype == dtype, "the table of dtypes is in the order of the enumeration");
  return found;
}

}  // namespace

std::string_view name(DType dtype) {
  return entry(dtype).name;
}

DType parse_dtype(std::string_view text, std::string_view place) {
  for (const Entry& known : kTable) {
    if (known.name == text) return known.dtype;
  }
  throw data_error(place, "a dtype such as int64 or float32", '"' + std::string(text) + '"');
}

int64_t bytes_of(DType dtype) {
  return entry(dtype).bytes;
}

}  // namespace gigahop::array
