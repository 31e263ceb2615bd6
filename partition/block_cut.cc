#include "partition/block_cut.h"

#include <algorithm>
#include <numeric>

#include "comm/collectives.h"
#include "comm/exchange.h"

namespace gigahop::partition {

int64_t node_cost(int64_t num_nodes, int64_t num_entries) {
  return 1 + num_entries / std::max<int64_t>(1, num_nodes);
}

std::vector<int64_t> boundaries_in_piece(std::span<const int64_t> degrees, int64_t first_node, int64_t cost_per_node,
                                         int64_t cost_before, int64_t total, int num_ranks) {
  const NodeBlocks shares(total, num_ranks);
  std::vector<int64_t> boundaries;
  int next = 1;  // the boundary that is looked for
  while (next < num_ranks && cost_before > 0 && shares.first(next) <= cost_before) ++next;
  int64_t cost = cost_before;
  for (size_t i = 0; i <= degrees.size(); ++i) {
    for (; next < num_ranks && shares.first(next) <= cost; ++next) {
      boundaries.push_back(first_node + static_cast<int64_t>(i));
    }
    if (i < degrees.size()) cost += cost_per_node + degrees[i];
  }
  return boundaries;
}

RecutDegrees recut_blocks(const comm::Communicator& comm, const NodeBlocks& old, std::span<const int64_t> degrees,
                          int64_t entries_of_rank) {
  const int64_t entries = std::accumulate(degrees.begin(), degrees.end(), int64_t{0});
  const int64_t all_entries = comm::sum_over_ranks(comm, entries);
  const int num_owners = count_owners(old.num_nodes(), all_entries, entries_of_rank, comm.size());
  const int64_t per_node = node_cost(old.num_nodes(), all_entries);
  const int64_t mine = entries + per_node * static_cast<int64_t>(degrees.size());
  const int64_t before = comm::exclusive_sum(comm, mine);
  const int64_t total = comm::sum_over_ranks(comm, mine);
  // A rank without cost decides nothing: the boundaries at its end are those of the rank before it.
  std::vector<int64_t> found;
  if (mine > 0) found = boundaries_in_piece(degrees, old.first(comm.rank()), per_node, before, total, num_owners);

  std::vector<int64_t> offsets = {0};
  const std::vector<int64_t> all = comm::all_gather_varied(comm, std::span<const int64_t>(found));
  offsets.insert(offsets.end(), all.begin(), all.end());
  offsets.resize(static_cast<size_t>(comm.size()) + 1, old.num_nodes());

  RecutDegrees recut{.blocks = NodeBlocks(std::move(offsets)), .degrees = {}};
  const int64_t first = old.first(comm.rank());
  const int64_t last = first + old.size(comm.rank());
  std::vector<std::span<const int64_t>> messages;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const int64_t begin = std::clamp(recut.blocks.first(rank), first, last);
    const int64_t end = std::clamp(recut.blocks.first(rank + 1), first, last);
    messages.push_back(degrees.subspan(static_cast<size_t>(begin - first), static_cast<size_t>(end - begin)));
  }
  comm::ReceivedValues<int64_t> received;
  comm::all_to_all_into<int64_t>(comm, messages, received);
  recut.degrees = std::move(received.values);
  return recut;
}

}  // namespace gigahop::partition
