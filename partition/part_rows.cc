#include "partition/part_rows.h"

#include <algorithm>
#include <cstring>

#include "comm/exchange.h"

namespace gigahop::partition {
namespace {

/// Values of `size` bytes that other ranks hold at (owner rank, row), in the order asked for.
template <class T>
std::vector<T> fetch(const comm::Communicator& comm, std::span<const int32_t> owner_ranks,
                     std::span<const int64_t> owner_rows, std::span<const T> held) {
  const comm::RowPlan plan = comm::plan_rows(comm, owner_ranks, owner_rows);
  std::vector<T> values(owner_rows.size());
  comm::run_rows(
      comm, plan, sizeof(T),
      [&](int64_t row, std::byte* out) { std::memcpy(out, &held[static_cast<size_t>(row)], sizeof(T)); },
      reinterpret_cast<std::byte*>(values.data()), sizeof(T));
  return values;
}

/// Where in `blocks` each id lives.
template <class Ids, class ValueOf>
void locate(const NodeBlocks& blocks, const Ids& ids, const ValueOf& value_of, std::vector<int32_t>& owner_ranks,
            std::vector<int64_t>& owner_rows) {
  for (const auto& id : ids) {
    const int owner = blocks.owner(value_of(id));
    owner_ranks.push_back(owner);
    owner_rows.push_back(value_of(id) - blocks.first(owner));
  }
}

/// New ids of the columns that this rank's rows have in the parts of one wave.
class ColumnTranslation {
 public:
  ColumnTranslation(const comm::Communicator& comm, const Block& block, const WritePlan& plan, int wave) {
    for (int writer = 0; writer < comm.size(); ++writer) {
      const std::optional<int> part = plan.part(writer, wave);
      if (!part.has_value()) continue;
      for (const int64_t row : block.numbering.rows_of_part(*part)) {
        const auto columns = block.rows.view().neighbours(row);
        originals_.insert(originals_.end(), columns.begin(), columns.end());
      }
    }
    std::sort(originals_.begin(), originals_.end());
    originals_.erase(std::unique(originals_.begin(), originals_.end()), originals_.end());
    std::vector<int32_t> owner_ranks;
    std::vector<int64_t> owner_rows;
    locate(
        block.blocks, originals_, [](int64_t id) { return id; }, owner_ranks, owner_rows);
    new_ids_ = fetch(comm, owner_ranks, owner_rows, std::span<const GlobalId>(block.numbering.new_ids));
  }

  GlobalId new_id(int64_t original) const {
    return new_ids_[std::lower_bound(originals_.begin(), originals_.end(), original) - originals_.begin()];
  }

 private:
  std::vector<int64_t> originals_;
  std::vector<GlobalId> new_ids_;
};

RowRecord record_of(const Block& block, int64_t first_node, int64_t row) {
  const auto& attributes = block.attributes;
  return {.original_id = first_node + row,
          .label = attributes.labels.empty() ? -1 : attributes.labels[static_cast<size_t>(row)],
          .degree = static_cast<int32_t>(block.rows.view().degree(row)),
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

PartRows gather_part_rows(const comm::Communicator& comm, const Block& block, const WritePlan& plan, int wave) {
  const ColumnTranslation translation(comm, block, plan, wave);
  const int64_t first_node = block.blocks.first(comm.rank());
  std::vector<std::vector<RowRecord>> records(static_cast<size_t>(comm.size()));
  std::vector<std::vector<GlobalId>> columns(records.size());
  for (int writer = 0; writer < comm.size(); ++writer) {
    const std::optional<int> part = plan.part(writer, wave);
    if (!part.has_value()) continue;
    for (const int64_t row : block.numbering.rows_of_part(*part)) {
      records[writer].push_back(record_of(block, first_node, row));
      for (const int64_t column : block.rows.view().neighbours(row)) {
        columns[writer].push_back(translation.new_id(column));
      }
    }
  }
  PartRows rows;
  rows.records = comm::all_to_all(comm, records).values;
  rows.columns = comm::all_to_all(comm, columns).values;
  return rows;
}

DegreeTable::DegreeTable(const comm::Communicator& comm, const Block& block)
    : blocks_(block.blocks.num_nodes(), comm.size()), degrees_(static_cast<size_t>(blocks_.size(comm.rank()))) {
  struct Entry {
    int64_t row = 0;
    int64_t degree = 0;
  };
  std::vector<std::vector<Entry>> messages(static_cast<size_t>(comm.size()));
  for (size_t row = 0; row < block.numbering.new_ids.size(); ++row) {
    const int64_t id = block.numbering.new_ids[row].value;
    const int owner = blocks_.owner(id);
    messages[owner].push_back({id - blocks_.first(owner), block.rows.view().degree(static_cast<int64_t>(row))});
  }
  for (const Entry& entry : comm::all_to_all(comm, messages).values) {
    degrees_[static_cast<size_t>(entry.row)] = static_cast<int32_t>(entry.degree);
  }
}

std::vector<int32_t> DegreeTable::look_up(const comm::Communicator& comm, std::span<const GlobalId> ids) const {
  std::vector<int32_t> owner_ranks;
  std::vector<int64_t> owner_rows;
  locate(
      blocks_, ids, [](GlobalId id) { return id.value; }, owner_ranks, owner_rows);
  return fetch(comm, owner_ranks, owner_rows, std::span<const int32_t>(degrees_));
}

}  // namespace gigahop::partition
