#include "partition/fetch_values.h"

namespace gigahop::partition {

comm::RowPlan plan_fetch(const comm::Communicator& comm, const NodeBlocks& blocks, std::span<const int64_t> ids) {
  std::vector<int32_t> owner_ranks;
  std::vector<int64_t> owner_rows;
  for (const int64_t id : ids) {
    owner_ranks.push_back(blocks.owner(id));
    owner_rows.push_back(id - blocks.first(owner_ranks.back()));
  }
  return comm::plan_rows(comm, owner_ranks, owner_rows);
}

}  // namespace gigahop::partition
