#include "partition/multilevel/refine_by_labels.h"

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "comm/collectives.h"

namespace gigahop::partition {
namespace {

/// Stop when fewer than one node in so many moved in a round.
constexpr int64_t kStillMoving = 2000;

/// Room left for a node, relative to the limits, in the tightest constraint: the tie-break between equal gains.
double headroom(const PartState& state, int part) {
  double least = 1;
  for (int64_t c = 0; c < state.level().num_constraints; ++c) {
    const auto limit = static_cast<double>(std::max<int64_t>(1, state.limits().limits[static_cast<size_t>(c)]));
    least = std::min(least, -static_cast<double>(state.excess(part, c)) / limit);
  }
  return least;
}

/// The part to move to; the present one if none is better.
int32_t choose(const PartState& state, PartConnections& connections, int64_t row) {
  const int32_t present = state.part(row);
  if (state.is_inner(row)) return present;
  const auto touched = connections.of(row);
  const auto weights = state.level().weights(row);
  const int64_t present_weight = connections.weight(present);
  int32_t best = present;
  int64_t best_weight = present_weight;
  double best_headroom = 0;
  for (const int32_t part : touched) {
    const int64_t weight = connections.weight(part);
    if (part == present || weight < best_weight || !state.may_enter(part, weights)) continue;
    const bool is_tie = weight == present_weight;
    if (is_tie && state.load(part, 0) + weights[0] >= state.load(present, 0)) continue;
    const double room = headroom(state, part);
    if (weight > best_weight || best == present || room > best_headroom) {
      best = part;
      best_weight = weight;
      best_headroom = room;
    }
  }
  return best;
}

}  // namespace

void refine_by_labels(const comm::Communicator& comm, PartState& state, const LabelRefinementOptions& options) {
  const std::vector<int32_t> order = connected_rows_by(state.level(), [&](int64_t row) {
    return scatter(static_cast<uint64_t>(state.level().graph.node(comm.rank(), row)) ^ scatter(options.seed));
  });
  const int64_t num_nodes = comm::sum_over_ranks(comm, static_cast<int64_t>(order.size()));
  const auto num_batches = static_cast<size_t>(options.num_batches);
  PartConnections connections(state);
  state.share_room_equally();
  for (int round = 0; round < options.num_rounds; ++round) {
    int64_t moved = 0;
    for (size_t batch = 0; batch < num_batches; ++batch) {
      for (size_t i = order.size() * batch / num_batches; i < order.size() * (batch + 1) / num_batches; ++i) {
        const int32_t to = choose(state, connections, order[i]);
        if (to != state.part(order[i])) state.move(order[i], to);
      }
      moved += state.commit();
    }
    if (moved * kStillMoving < num_nodes) break;
  }
}

}  // namespace gigahop::partition
