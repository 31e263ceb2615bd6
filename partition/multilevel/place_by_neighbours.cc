#include "partition/multilevel/place_by_neighbours.h"

#include <vector>

#include "comm/collectives.h"

namespace gigahop::partition {
namespace {

/// kNoPart if no neighbour has a part with room.
int32_t choose(const PartState& state, PartConnections& connections, int64_t row) {
  const auto weights = state.level().weights(row);
  int32_t best = kNoPart;
  for (const int32_t part : connections.of(row)) {
    if (!state.may_enter(part, weights)) continue;
    if (best == kNoPart || connections.weight(part) > connections.weight(best)) best = part;
  }
  return best;
}

}  // namespace

void place_by_neighbours(const comm::Communicator& comm, PartState& state) {
  std::vector<int64_t> waiting;
  for (int64_t row = 0; row < state.level().graph.num_owned(); ++row) {
    if (state.part(row) == kNoPart) waiting.push_back(row);
  }
  if (comm::sum_over_ranks(comm, static_cast<int64_t>(waiting.size())) == 0) return;
  PartConnections connections(state);
  state.share_room_equally();
  do {
    std::erase_if(waiting, [&](int64_t row) {
      const int32_t part = choose(state, connections, row);
      if (part != kNoPart) state.move(row, part);
      return part != kNoPart;
    });
  } while (state.commit() > 0);
}

}  // namespace gigahop::partition
