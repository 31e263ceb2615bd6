/// Parts that were chosen before: a part_of_node.npy from another program, or of an earlier partition.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "comm/communicator.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

/// [block] part of each node of this rank's block, read in slices.
///
/// Errors      Error{kData} naming file and node unless it is [num_nodes] int32 or int64, each from 0 to num_parts - 1
/// Collective  all ranks, same arguments
std::vector<int32_t> read_given_parts(const comm::Communicator& comm, const std::filesystem::path& file,
                                      const NodeBlocks& blocks, int num_parts);

/// The file of a partition folder, which must have num_nodes nodes and num_parts parts; its edges may differ.
/// Error{kData} otherwise.
std::filesystem::path parts_to_refine(const std::filesystem::path& partition_folder, int64_t num_nodes, int num_parts);

}  // namespace gigahop::partition
