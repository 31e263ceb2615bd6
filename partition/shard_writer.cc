#include "partition/shard_writer.h"

#include <vector>

#include "array/npy.h"
#include "graph/partition_folder.h"

namespace gigahop::partition {
namespace {

/// One file of the shard, and its record.
template <class T>
void write_array(const std::filesystem::path& folder, const char* file, const std::vector<T>& values,
                 proto::Shard& shard) {
  const array::ArrayFile written =
      array::write_npy(folder / file, std::span<const T>(values), {static_cast<int64_t>(values.size())});
  array::add_record(*shard.mutable_arrays(), written);
}

std::vector<LocalId> rows_in_split(const PartRows& rows, Split split) {
  std::vector<LocalId> ids;
  for (size_t row = 0; row < rows.records.size(); ++row) {
    if (rows.records[row].split == split) ids.emplace_back(static_cast<int32_t>(row));
  }
  return ids;
}

}  // namespace

proto::Shard write_structure(const std::filesystem::path& partition_folder, int part, const PartRows& rows,
                             const LocalStructure& local, std::span<const int32_t> halo_degrees, Labels labels,
                             uint64_t graph_fingerprint) {
  std::vector<OriginalId> original_ids;
  std::vector<int64_t> label_values;
  for (const RowRecord& record : rows.records) {
    original_ids.emplace_back(record.original_id);
    label_values.push_back(record.label);
  }
  proto::Shard shard;
  shard.set_format_version(graph::kPartitionFormatVersion);
  shard.set_part(part);
  shard.set_num_owned(static_cast<int64_t>(rows.records.size()));
  shard.set_num_halo(static_cast<int64_t>(local.halo_ids.size()));
  shard.set_num_edges(static_cast<int64_t>(local.edges.column_ids.size()));
  shard.set_graph_fingerprint(graph_fingerprint);
  const std::filesystem::path folder = graph::part_folder(partition_folder, part);
  write_array(folder, "original_ids.npy", original_ids, shard);
  write_array(folder, "halo_ids.npy", local.halo_ids, shard);
  write_array(folder, "row_offsets.npy", local.edges.row_offsets, shard);
  write_array(folder, "column_ids.npy", local.edges.column_ids, shard);
  write_array(folder, "degrees_halo.npy", std::vector<int32_t>(halo_degrees.begin(), halo_degrees.end()), shard);
  write_array(folder, "train.npy", rows_in_split(rows, Split::kTrain), shard);
  write_array(folder, "valid.npy", rows_in_split(rows, Split::kValid), shard);
  write_array(folder, "test.npy", rows_in_split(rows, Split::kTest), shard);
  if (labels == Labels::kStored) write_array(folder, "labels.npy", label_values, shard);
  return shard;
}

void write_shard_manifest(const std::filesystem::path& partition_folder, const proto::Shard& shard) {
  const std::filesystem::path folder = graph::part_folder(partition_folder, shard.part());
  array::write_text_proto(folder / graph::kShardManifest, shard);
  sync_folder(folder);
}

}  // namespace gigahop::partition
