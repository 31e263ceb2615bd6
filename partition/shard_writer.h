/// Files of one part: its structure, labels and splits; features follow by partition/node_rows.h, the manifest last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "array/manifest.h"
#include "partition/halo.h"
#include "partition/part_rows.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

enum class Labels { kNone, kStored };

/// Writes original_ids, halo_ids, row_offsets, column_ids, degrees_halo, train, valid, test and, if there are any,
/// labels; returns the manifest so far, not yet written.
proto::Shard write_structure(const std::filesystem::path& partition_folder, int part, const PartRows& rows,
                             const LocalStructure& local, std::span<const int32_t> halo_degrees, Labels labels,
                             uint64_t graph_fingerprint);

void write_shard_manifest(const std::filesystem::path& partition_folder, const proto::Shard& shard);

}  // namespace gigahop::partition
