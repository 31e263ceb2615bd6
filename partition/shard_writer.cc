#include "partition/shard_writer.h"

#include <algorithm>
#include <utility>

#include "array/npy.h"
#include "graph/partition_folder.h"

namespace gigahop::partition {
namespace {

constexpr char kColumns[] = "column_ids.npy";

/// One file of the shard, and its record.
template <class T>
void write_array(const std::filesystem::path& folder, const char* file, const std::vector<T>& values,
                 proto::Shard& shard) {
  const array::ArrayFile written =
      array::write_npy(folder / file, std::span<const T>(values), {static_cast<int64_t>(values.size())});
  array::add_record(*shard.mutable_arrays(), written);
}

template <class T, class Value>
std::vector<T> of_each(const std::vector<RowRecord>& records, const Value& value) {
  std::vector<T> values;
  values.reserve(records.size());
  for (const RowRecord& record : records) values.push_back(value(record));
  return values;
}

std::vector<int64_t> offsets_of(const std::vector<RowRecord>& records) {
  std::vector<int64_t> offsets = {0};
  offsets.reserve(records.size() + 1);
  for (const RowRecord& record : records) offsets.push_back(offsets.back() + record.degree);
  return offsets;
}

std::vector<LocalId> rows_in_split(const std::vector<RowRecord>& records, Split split) {
  std::vector<LocalId> ids;
  for (size_t row = 0; row < records.size(); ++row) {
    if (records[row].split == split) ids.emplace_back(static_cast<int32_t>(row));
  }
  return ids;
}

array::NpySliceWriter create_columns(const std::filesystem::path& path, int64_t num_edges) {
  array::create_npy(path, array::dtype_of<LocalId>(), std::span(&num_edges, 1));
  return array::NpySliceWriter(path);
}

int64_t sum_degrees(std::span<const RowRecord> records) {
  int64_t sum = 0;
  for (const RowRecord& record : records) sum += record.degree;
  return sum;
}

}  // namespace

ShardWriter::ShardWriter(const std::filesystem::path& partition_folder, const graph::PartitionMap& map, int part,
                         comm::ReceivedValues<RowRecord>&& records, std::vector<HaloNode>&& halo)
    : folder_(graph::part_folder(partition_folder, part)),
      part_(part),
      columns_(create_columns(folder_ / kColumns, sum_degrees(records.values))) {
  for (size_t sender = 0; sender + 1 < records.offsets.size(); ++sender) {
    next_entry_.push_back(num_edges_);
    num_edges_ += sum_degrees(records.from(static_cast<int>(sender)));
  }
  records_ = std::move(records.values);
  halo_ids_.reserve(halo.size());
  halo_degrees_.reserve(halo.size());
  for (const HaloNode& node : halo) {
    halo_ids_.push_back(node.id);
    halo_degrees_.push_back(static_cast<int32_t>(node.degree));
  }
  halo = {};
  local_columns_ = std::make_unique<LocalColumns>(part, PartRange(map, part), halo_ids_);
}

void ShardWriter::write_columns(int sender, std::span<const int64_t> keys) {
  if (keys.empty()) return;
  piece_.clear();
  piece_.reserve(keys.size());
  for (const int64_t key : keys) {
    piece_.push_back((*local_columns_)(key));
    num_cut_edges_ += local_columns_->is_owned(piece_.back()) ? 0 : 1;
  }
  int64_t& next = next_entry_[static_cast<size_t>(sender)];
  columns_.write_rows(next, std::as_bytes(std::span(piece_)));
  next += static_cast<int64_t>(keys.size());
}

proto::Shard ShardWriter::finish(Labels labels, uint64_t graph_fingerprint) {
  proto::Shard shard;
  shard.set_format_version(graph::kPartitionFormatVersion);
  shard.set_part(part_);
  shard.set_num_owned(static_cast<int64_t>(records_.size()));
  shard.set_num_halo(static_cast<int64_t>(halo_ids_.size()));
  shard.set_num_edges(num_edges_);
  shard.set_graph_fingerprint(graph_fingerprint);
  const auto original_id = [](const RowRecord& record) { return record.original_id; };
  const auto label = [](const RowRecord& record) { return record.label; };
  write_array(folder_, "original_ids.npy", of_each<int64_t>(records_, original_id), shard);
  write_array(folder_, "halo_ids.npy", halo_ids_, shard);
  write_array(folder_, "row_offsets.npy", offsets_of(records_), shard);
  columns_.close();
  array::add_record(*shard.mutable_arrays(), array::describe_npy(folder_ / kColumns));
  write_array(folder_, "degrees_halo.npy", halo_degrees_, shard);
  write_array(folder_, "train.npy", rows_in_split(records_, Split::kTrain), shard);
  write_array(folder_, "valid.npy", rows_in_split(records_, Split::kValid), shard);
  write_array(folder_, "test.npy", rows_in_split(records_, Split::kTest), shard);
  if (labels == Labels::kStored) write_array(folder_, "labels.npy", of_each<int64_t>(records_, label), shard);
  return shard;
}

PartFigures ShardWriter::figures() const {
  const auto count = [&](Split split) {
    return std::count_if(records_.begin(), records_.end(),
                         [&](const RowRecord& record) { return record.split == split; });
  };
  return {.part = part_,
          .num_owned = static_cast<int64_t>(records_.size()),
          .num_halo = static_cast<int64_t>(halo_ids_.size()),
          .num_edges = num_edges_,
          .num_cut_edges = num_cut_edges_,
          .num_train = count(Split::kTrain),
          .num_valid = count(Split::kValid),
          .num_test = count(Split::kTest)};
}

void write_shard_manifest(const std::filesystem::path& partition_folder, const proto::Shard& shard) {
  const std::filesystem::path folder = graph::part_folder(partition_folder, shard.part());
  array::write_text_proto(folder / graph::kShardManifest, shard);
  sync_folder(folder);
}

}  // namespace gigahop::partition
