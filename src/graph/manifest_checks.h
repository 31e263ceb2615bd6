/// What the readers of dataset, partition and shard manifests check alike. Each is one Error{kData} naming the
/// manifest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "array/npy.h"

namespace gigahop::graph {

/// Nodes and edges are counted up to here, so that sums and products of a few counts stay in 64 bits.
inline constexpr int64_t kMaxCount = int64_t{1} << 52;

void require_version(const std::string& place, int32_t found, int32_t expected, std::string_view hint);
void require_between(const std::string& place, std::string_view field, int64_t found, int64_t least, int64_t most);
void require_equal(const std::string& place, std::string_view field, int64_t found, int64_t expected);
/// float32, float16 or bfloat16.
void require_feature_dtype(const array::NpyArray& array);

}  // namespace gigahop::graph
