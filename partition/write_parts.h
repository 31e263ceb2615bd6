/// The shards of all parts, wave by wave: nodes, then halo, then columns travel to the rank that writes the part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "comm/communicator.h"
#include "partition/part_rows.h"
#include "partition/quality.h"
#include "partition/shard_writer.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// What one rank has written: the manifests of its parts, still open, and their figures.
struct WrittenParts {
  std::vector<proto::Shard> shards;
  std::vector<PartFigures> figures;
  std::vector<HaloShare> shares;
};

struct WriteOptions {
  std::filesystem::path folder;
  Labels labels = Labels::kNone;
  uint64_t graph_fingerprint = 0;
  int64_t chunk_bytes = 64 << 20;
};

/// Collective  all ranks, same plan and options
/// Cost        8 bytes sent per entry, 24 per node, 16 per halo node and rank that has it; a rank holds the nodes and
///             the halo of one part, and buffers of 3 chunk_bytes
WrittenParts write_parts(const comm::Communicator& comm, const Block& block, const WritePlan& plan,
                         const WriteOptions& options);

}  // namespace gigahop::partition
