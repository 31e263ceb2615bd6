/// One part's rows with columns as new global ids, turned into what a shard holds: local columns and the exact halo.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "graph/csr.h"
#include "graph/partition_folder.h"

namespace gigahop::partition {

struct LocalStructure {
  graph::Csr<LocalId> edges;       // columns: < owned is owned, others halo place + owned; ascending in each row
  std::vector<GlobalId> halo_ids;  // ascending
};

/// row_degrees [owned], columns: row after row, without duplicates. Pure.
/// Errors  Error{kData} if owned and halo nodes exceed 32-bit local ids
LocalStructure localise(const graph::PartitionMap& map, int part, std::span<const int32_t> row_degrees,
                        std::span<const GlobalId> columns);

}  // namespace gigahop::partition
