#include "partition/halo.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::partition {

LocalStructure localise(const graph::PartitionMap& map, int part, std::span<const int32_t> row_degrees,
                        std::span<const GlobalId> columns) {
  const int64_t first = map.first_node(part).value;
  const int64_t owned = map.num_owned(part);
  const auto is_owned = [&](GlobalId id) { return id.value >= first && id.value < first + owned; };
  LocalStructure local;
  for (const GlobalId id : columns) {
    if (!is_owned(id)) local.halo_ids.push_back(id);
  }
  std::sort(local.halo_ids.begin(), local.halo_ids.end());
  local.halo_ids.erase(std::unique(local.halo_ids.begin(), local.halo_ids.end()), local.halo_ids.end());
  const int64_t num_local = owned + static_cast<int64_t>(local.halo_ids.size());
  if (num_local > INT32_MAX) {
    throw data_error(fmt::format("part {}", part), "at most 2^31-1 owned and halo nodes", std::to_string(num_local),
                     "use more parts");
  }

  local.edges.column_ids.reserve(columns.size());
  for (const GlobalId id : columns) {
    const int64_t place =
        is_owned(id)
            ? id.value - first
            : owned + (std::lower_bound(local.halo_ids.begin(), local.halo_ids.end(), id) - local.halo_ids.begin());
    local.edges.column_ids.emplace_back(static_cast<int32_t>(place));
  }
  local.edges.row_offsets.push_back(0);
  for (const int32_t degree : row_degrees) {
    const int64_t begin = local.edges.row_offsets.back();
    std::sort(local.edges.column_ids.begin() + begin, local.edges.column_ids.begin() + begin + degree);
    local.edges.row_offsets.push_back(begin + degree);
  }
  return local;
}

}  // namespace gigahop::partition
