/// Parts that were chosen before: a part_of_node.npy from another program, or of an earlier partition.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "comm/communicator.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

/// Error{kData} unless the file is [num_nodes] int32 or int64; its values are not looked at.
void check_given_parts(const std::filesystem::path& file, int64_t num_nodes);

/// [block] part of each node of this rank's block, read in slices.
///
/// Errors      Error{kData} naming file and node unless it is [num_nodes] int32 or int64, each from 0 to num_parts - 1
/// Collective  all ranks, same arguments
std::vector<int32_t> read_given_parts(const comm::Communicator& comm, const std::filesystem::path& file,
                                      const NodeBlocks& blocks, int num_parts);

/// Error{kData} unless this is a partition of at most num_nodes nodes into num_parts parts; its edges may be others.
void check_earlier_parts(const std::filesystem::path& partition_folder, int64_t num_nodes, int num_parts);

/// The parts that nodes of this rank's block have in a partition of the same nodes or of the first of them: of as many
/// from the block's first on as that has. Errors and collective as read_given_parts.
std::vector<int32_t> read_earlier_parts(const comm::Communicator& comm, const std::filesystem::path& partition_folder,
                                        const NodeBlocks& blocks, int num_parts);

/// [N] int32 of a partition folder.
std::filesystem::path part_of_node_file(const std::filesystem::path& partition_folder);

}  // namespace gigahop::partition
