#include "partition/numbering.h"

#include <numeric>

#include "comm/collectives.h"

namespace gigahop::partition {

Numbering number_block(std::span<const int64_t> counts, int num_parts, int rank, std::span<const int32_t> part_of_row) {
  const auto parts = static_cast<size_t>(num_parts);
  std::vector<int64_t> sizes(parts);
  std::vector<int64_t> before(parts);
  for (size_t i = 0; i < counts.size(); ++i) {
    sizes[i % parts] += counts[i];
    if (i / parts < static_cast<size_t>(rank)) before[i % parts] += counts[i];
  }
  std::vector<int64_t> offsets(parts + 1);
  std::partial_sum(sizes.begin(), sizes.end(), offsets.begin() + 1);

  Numbering numbering;
  numbering.part_row_offsets.resize(parts + 1);
  const auto mine = counts.subspan(static_cast<size_t>(rank) * parts, parts);
  std::partial_sum(mine.begin(), mine.end(), numbering.part_row_offsets.begin() + 1);
  std::vector<int64_t> next_place(numbering.part_row_offsets.begin(), numbering.part_row_offsets.end() - 1);
  numbering.part_rows.resize(part_of_row.size());
  numbering.new_ids.reserve(part_of_row.size());
  for (size_t row = 0; row < part_of_row.size(); ++row) {
    const int32_t part = part_of_row[row];
    numbering.part_rows[next_place[part]++] = static_cast<int32_t>(row);
    numbering.new_ids.emplace_back(offsets[part] + before[part]++);
  }
  numbering.map = graph::PartitionMap(std::move(offsets));
  return numbering;
}

Numbering number_nodes(const comm::Communicator& comm, int num_parts, std::span<const int32_t> part_of_row) {
  std::vector<int64_t> mine(static_cast<size_t>(num_parts));
  for (const int32_t part : part_of_row) ++mine[part];
  const std::vector<int64_t> counts = comm::all_gather_varied(comm, std::span<const int64_t>(mine));
  return number_block(counts, num_parts, comm.rank(), part_of_row);
}

}  // namespace gigahop::partition
