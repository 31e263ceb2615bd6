/// New global ids: part p owns [part_offsets[p], part_offsets[p + 1]), and within a part ids ascend with original ids.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "graph/partition_folder.h"

namespace gigahop::partition {

struct Numbering {
  graph::PartitionMap map;                // of all nodes
  std::vector<GlobalId> new_ids;          // [block]
  std::vector<int64_t> part_row_offsets;  // [P + 1] into part_rows
  std::vector<int32_t> part_rows;         // [block] rows of the block, part after part, ascending within each

  /// Rows of this rank's block that belong to one part: the new ids of these are consecutive.
  std::span<const int32_t> rows_of_part(int part) const {
    return std::span(part_rows).subspan(static_cast<size_t>(part_row_offsets[part]),
                                        static_cast<size_t>(part_row_offsets[part + 1] - part_row_offsets[part]));
  }
};

/// What every rank's block counts of each part, [R, P], makes the numbering of one rank's block. Pure.
Numbering number_block(std::span<const int64_t> counts, int num_parts, int rank, std::span<const int32_t> part_of_row);

/// part_of_row  [block] of this rank
/// Collective   all ranks
/// Cost         8 P bytes to every rank
Numbering number_nodes(const comm::Communicator& comm, int num_parts, std::span<const int32_t> part_of_row);

}  // namespace gigahop::partition
