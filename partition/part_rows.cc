#include "partition/part_rows.h"

#include <algorithm>
#include <utility>

namespace gigahop::partition {
namespace {

constexpr uint16_t kBeforeAnyPart = 65535;  // one more than the largest part

RowRecord record_of(const Block& block, int64_t first_node, int64_t row) {
  const auto& attributes = block.attributes;
  return {.original_id = first_node + row,
          .label = attributes.labels.empty() ? -1 : attributes.labels[static_cast<size_t>(row)],
          .degree = static_cast<int32_t>(block.graph.degree(row)),
          .split = attributes.splits[static_cast<size_t>(row)]};
}

}  // namespace

int WritePlan::num_waves() const {
  const int64_t parts = parts_.num_nodes();
  int waves = 0;
  for (int part = 0; part < parts;) {
    const int size = num_parts(writer(part));
    waves = std::max(waves, size);
    part += size;
  }
  return waves;
}

std::optional<int> WritePlan::part(int rank, int wave) const {
  if (wave >= num_parts(rank)) return std::nullopt;
  return static_cast<int>(parts_.first(rank)) + wave;
}

int WritePlan::num_parts_in_wave(int num_ranks, int wave) const {
  int count = 0;
  for (int rank = 0; rank < num_ranks; ++rank) count += part(rank, wave).has_value() ? 1 : 0;
  return count;
}

Block::Block(const comm::Communicator& comm, DistributedGraph&& its_graph, NodeAttributes&& its_attributes,
             Numbering&& its_numbering)
    : graph(std::move(its_graph)),
      attributes(std::move(its_attributes)),
      numbering(std::move(its_numbering)),
      halo_new_ids(static_cast<size_t>(graph.num_halo())),
      halo_degrees(static_cast<size_t>(graph.num_halo())) {
  exchange_halo<GlobalId>(comm, graph, numbering.new_ids, halo_new_ids);
  std::vector<int32_t> degrees;
  degrees.reserve(static_cast<size_t>(graph.num_owned()));
  for (int64_t row = 0; row < graph.num_owned(); ++row) degrees.push_back(static_cast<int32_t>(graph.degree(row)));
  exchange_halo<int32_t>(comm, graph, degrees, halo_degrees);
}

comm::ReceivedValues<RowRecord> gather_records(const comm::Communicator& comm, const Block& block,
                                               const WritePlan& plan, int wave) {
  const int64_t first_node = block.graph.blocks.first(comm.rank());
  std::vector<std::vector<RowRecord>> records(static_cast<size_t>(comm.size()));
  for (int writer = 0; writer < comm.size(); ++writer) {
    const std::optional<int> part = plan.part(writer, wave);
    if (!part.has_value()) continue;
    const auto rows = block.numbering.rows_of_part(*part);
    records[writer].reserve(rows.size());
    for (const int32_t row : rows) records[writer].push_back(record_of(block, first_node, row));
  }
  return comm::all_to_all(comm, records);
}

HaloScan::HaloScan(const Block& block)
    : block_(block), last_part_(static_cast<size_t>(block.graph.num_local()), kBeforeAnyPart) {}

std::vector<HaloNode> HaloScan::of_part(int part) {
  const PartRange range(block_.numbering.map, part);
  std::vector<HaloNode> nodes;
  for (const int32_t row : block_.numbering.rows_of_part(part)) {
    for (const int32_t column : block_.graph.neighbours(row)) {
      const GlobalId id = block_.new_id(column);
      uint16_t& last_part = last_part_[static_cast<size_t>(column)];
      if (last_part == part || range.contains(id)) continue;
      last_part = static_cast<uint16_t>(part);
      nodes.push_back({.id = id.value, .degree = block_.degree(column)});
    }
  }
  return nodes;
}

ColumnStream::ColumnStream(const Block& block, std::optional<int> part) : block_(block) {
  if (!part.has_value()) return;
  range_.emplace(block.numbering.map, *part);
  rows_ = block.numbering.rows_of_part(*part);
  for (const int32_t row : rows_) num_left_ += block.graph.degree(row);
}

void ColumnStream::next(int64_t max_keys, std::vector<int64_t>& keys) {
  keys.clear();
  auto room = static_cast<size_t>(std::min(max_keys, num_left_));
  num_left_ -= static_cast<int64_t>(room);
  while (room > 0) {
    if (row_place_ == row_.size()) {
      row_.clear();
      row_place_ = 0;
      for (const int32_t column : block_.graph.neighbours(rows_.front())) {
        row_.push_back(range_->key(block_.new_id(column)));
      }
      std::sort(row_.begin(), row_.end());
      rows_ = rows_.subspan(1);
    }
    const size_t count = std::min(room, row_.size() - row_place_);
    const auto first = row_.begin() + static_cast<int64_t>(row_place_);
    keys.insert(keys.end(), first, first + static_cast<int64_t>(count));
    row_place_ += count;
    room -= count;
  }
}

}  // namespace gigahop::partition
