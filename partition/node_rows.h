/// Wide rows (features, positional encodings) from the dataset's file to the shards: read once from front to back, each
/// rank its block, and written by the rank that writes the part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "array/dtype.h"
#include "comm/communicator.h"
#include "partition/node_blocks.h"
#include "partition/numbering.h"
#include "partition/part_rows.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// An array [N, ...] in original order, and what it is called in the shards.
struct NodeRowsFile {
  std::filesystem::path source;
  array::DType dtype = array::DType::kFloat32;  // bfloat16 lies on disk as uint16
  std::string shard_file;
};

/// Writes the shard file of every part with the rows of its nodes, in the array's dtype, and adds its record to the
/// manifests of the parts that this rank writes: shards, in order of parts.
///
/// Collective  all ranks
/// Cost        each row is sent once; buffers of 2 chunk_bytes, and of R / P more where fewer ranks write than read
void move_node_rows(const comm::Communicator& comm, const NodeBlocks& blocks, const Numbering& numbering,
                    const WritePlan& plan, const NodeRowsFile& file, const std::filesystem::path& partition_folder,
                    int64_t chunk_bytes, std::span<proto::Shard> shards);

}  // namespace gigahop::partition
