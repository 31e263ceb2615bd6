#include "graph/manifest_checks.h"

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::graph {

void require_version(const std::string& place, int32_t found, int32_t expected, std::string_view hint) {
  if (found == expected) return;
  throw data_error(place, fmt::format("format version {}", expected), std::to_string(found), hint);
}

void require_between(const std::string& place, std::string_view field, int64_t found, int64_t least, int64_t most) {
  if (found >= least && found <= most) return;
  throw data_error(place, fmt::format("{} in [{}, {}]", field, least, most), std::to_string(found));
}

void require_equal(const std::string& place, std::string_view field, int64_t found, int64_t expected) {
  if (found == expected) return;
  throw data_error(place, fmt::format("{} {}", field, expected), std::to_string(found));
}

void require_feature_dtype(const array::NpyArray& array) {
  using array::DType;
  if (array.dtype() == DType::kFloat32 || array.dtype() == DType::kFloat16 || array.dtype() == DType::kBFloat16) return;
  throw data_error(array.path().string(), "dtype float32, float16 or bfloat16", std::string(name(array.dtype())));
}

}  // namespace gigahop::graph
