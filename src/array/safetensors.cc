#include "array/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace gigahop::array {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format
constexpr std::string_view kMetadataKey = "__metadata__";

struct DTypeName {
  DType dtype;
  std::string_view name;
};

constexpr std::array<DTypeName, 13> kDTypeNames = {{
    {DType::kBool, "BOOL"},
    {DType::kInt8, "I8"},
    {DType::kUInt8, "U8"},
    {DType::kInt16, "I16"},
    {DType::kUInt16, "U16"},
    {DType::kInt32, "I32"},
    {DType::kUInt32, "U32"},
    {DType::kInt64, "I64"},
    {DType::kUInt64, "U64"},
    {DType::kFloat16, "F16"},
    {DType::kBFloat16, "BF16"},
    {DType::kFloat32, "F32"},
    {DType::kFloat64, "F64"},
}};

std::string_view stored_name(DType dtype) {
  return std::find_if(kDTypeNames.begin(), kDTypeNames.end(), [&](const DTypeName& n) { return n.dtype == dtype; })
      ->name;
}

/// Bytes of a tensor, or -1 if they do not fit 63 bits.
int64_t tensor_bytes(DType dtype, std::span<const int64_t> shape) {
  int64_t total = bytes_of(dtype);
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(total, extent, &total)) return -1;
  }
  return total;
}

/// The header as JSON: an object of objects, every key once, nothing deeper than a tensor's list of numbers.
Json parse_header(std::string_view text, const std::string& place) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > 3) throw data_error(place, "tensors described by flat objects", "deeper nesting");
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      throw data_error(place, "every key once", "a second " + value.dump());
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check);
  } catch (const Json::exception& error) {
    throw data_error(place, "valid JSON", error.what(), "the file is damaged");
  }
}

int64_t non_negative(const Json& value, const std::string& place) {
  if (value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t{1} << 62) return value.get<int64_t>();
  throw data_error(place, "integers >= 0", value.is_number() ? value.dump() : value.type_name());
}

DType parse_stored_dtype(const Json& value, const std::string& place) {
  for (const DTypeName& known : kDTypeNames) {
    if (value.is_string() && value.get_ref<const std::string&>() == known.name) return known.dtype;
  }
  throw data_error(place, "a known dtype such as F32",
                   value.is_string() ? value.get<std::string>() : value.type_name());
}

TensorView parse_tensor(const Json& entry, std::span<const std::byte> data, const std::string& place) {
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets") || !entry["shape"].is_array() || !entry["data_offsets"].is_array() ||
      entry["data_offsets"].size() != 2) {
    throw data_error(place, "an object of dtype, shape and two data_offsets", entry.type_name());
  }
  TensorView tensor;
  tensor.dtype = parse_stored_dtype(entry["dtype"], place + ": dtype");
  for (const Json& extent : entry["shape"]) tensor.shape.push_back(non_negative(extent, place + ": shape"));
  const int64_t begin = non_negative(entry["data_offsets"][0], place + ": data_offsets");
  const int64_t end = non_negative(entry["data_offsets"][1], place + ": data_offsets");
  if (begin > end || static_cast<uint64_t>(end) > data.size()) {
    throw data_error(place, fmt::format("offsets that ascend within {} data bytes", data.size()),
                     fmt::format("[{}, {}]", begin, end), "the file is truncated or damaged");
  }
  if (tensor_bytes(tensor.dtype, tensor.shape) != end - begin) {
    throw data_error(place, fmt::format("{} bytes for its shape and dtype", tensor_bytes(tensor.dtype, tensor.shape)),
                     fmt::format("{} bytes", end - begin));
  }
  tensor.bytes = data.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  return tensor;
}

std::map<std::string, std::string> parse_metadata(const Json& entry, const std::string& place) {
  if (!entry.is_object()) throw data_error(place, "an object of texts", entry.type_name());
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) throw data_error(place + ": " + key, "a text", value.type_name());
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

/// The format allows neither overlaps nor gaps: tensors tile the data.
void require_tiling(const std::map<std::string, TensorView, std::less<>>& tensors, std::span<const std::byte> data,
                    const std::string& place) {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const auto& [key, tensor] : tensors) {
    const int64_t begin = tensor.bytes.data() - data.data();
    ranges.emplace_back(begin, begin + static_cast<int64_t>(tensor.bytes.size()));
  }
  std::sort(ranges.begin(), ranges.end());
  int64_t at = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin != at) {
      throw data_error(place, fmt::format("the next tensor at data byte {}", at), fmt::format("byte {}", begin),
                       begin < at ? "tensors overlap" : "there is a gap");
    }
    at = end;
  }
  if (at != static_cast<int64_t>(data.size())) {
    throw data_error(place, fmt::format("{} data bytes", at), fmt::format("{}", data.size()), "the file is damaged");
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata) {
  OrderedJson header = OrderedJson::object();
  if (!metadata.empty()) header[std::string(kMetadataKey)] = metadata;
  int64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    const auto bytes = static_cast<int64_t>(tensor.bytes.size());
    require(tensor_bytes(tensor.dtype, tensor.shape) == bytes, "bytes of tensor " + tensor.name + " fit its shape");
    require(!header.contains(tensor.name), "tensor " + tensor.name + " is written once");
    header[tensor.name] = {
        {"dtype", stored_name(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  const uint64_t length = text.size();
  OutputFile file(path);
  file.append(std::as_bytes(std::span(&length, 1)));
  file.append(std::as_bytes(std::span(text)));
  for (const TensorToWrite& tensor : tensors) file.append(tensor.bytes);
  file.close();
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  const std::span<const std::byte> bytes = file_.bytes();
  uint64_t length = 0;
  if (bytes.size() >= kLengthBytes) std::memcpy(&length, bytes.data(), kLengthBytes);
  if (bytes.size() < kLengthBytes || length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    throw data_error(path.string(), "a safetensors header",
                     fmt::format("{} bytes that announce a header of {}", bytes.size(), length),
                     "the file is no safetensors file, or truncated");
  }
  const std::string place = path.string() + ": safetensors header";
  const Json header =
      parse_header({reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, static_cast<size_t>(length)}, place);
  if (!header.is_object()) throw data_error(place, "a JSON object", header.type_name());
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + static_cast<size_t>(length));
  for (const auto& [key, entry] : header.items()) {
    if (key == kMetadataKey) {
      metadata_ = parse_metadata(entry, place);
    } else {
      tensors_.emplace(key, parse_tensor(entry, data, path.string() + ": tensor " + key));
    }
  }
  require_tiling(tensors_, data, path.string());
}

const TensorView& SafetensorsFile::at(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  throw data_error(path().string(), fmt::format("a tensor {}", name), fmt::format("{} others", tensors_.size()));
}

}  // namespace gigahop::array
