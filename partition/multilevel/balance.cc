#include "partition/multilevel/balance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "comm/collectives.h"

namespace gigahop::partition {
namespace {

constexpr int kMaxRounds = 24;
/// A round in which the ranks share the room is worth another if it leaves less than this of the overload.
constexpr double kProgress = 0.75;
/// Turns of balance_in_turns, and what each gives of slack to constraints that hold.
constexpr int kTurns = 4;
constexpr double kSlack = 0.02;
/// Parts without an edge to a node that are looked at for room, if that finds any.
constexpr int kTried = 64;
constexpr int kNumPrices = 256;
/// Price of a move without gain or loss; gains are below, losses above, two prices to a doubling.
constexpr int kZeroPrice = 128;

/// What a move costs the cut for the share of all excess that it takes away: losses are best spread over much relief,
/// gains are best where there is much.
int price_of(int64_t loss, double relief) {
  if (loss == 0) return kZeroPrice;
  const double magnitude = loss > 0 ? static_cast<double>(loss) / relief : static_cast<double>(-loss) * relief;
  const int lowest = loss > 0 ? 4 : 80;  // a loss over relief is at least 1/4; a gain times relief may be tiny
  const int steps = std::clamp(lowest + static_cast<int>(std::lround(2 * std::log2(magnitude))), 1, kZeroPrice - 1);
  return loss > 0 ? kZeroPrice + steps : kZeroPrice - steps;
}

struct Candidate {
  int32_t row = 0;
  int32_t price = 0;
};

/// Ascending, equal prices in the order they came.
std::vector<Candidate> by_price(std::span<const Candidate> candidates) {
  std::vector<size_t> next(kNumPrices + 1);
  for (const Candidate& candidate : candidates) ++next[static_cast<size_t>(candidate.price) + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<Candidate> sorted(candidates.size());
  for (const Candidate& candidate : candidates) sorted[next[static_cast<size_t>(candidate.price)]++] = candidate;
  return sorted;
}

/// What has to leave: the excess over the limit, of each part and constraint that has one. [P, C], 0 elsewhere.
std::vector<int64_t> find_excess(const PartState& state) {
  std::vector<int64_t> excess;
  for (int part = 0; part < state.num_parts(); ++part) {
    for (int64_t c = 0; c < state.level().num_constraints; ++c) {
      excess.push_back(std::max<int64_t>(0, state.excess(part, c)));
    }
  }
  return excess;
}

/// Where a node goes best that has to leave: the part with room that it has most edges to, or else the emptiest of the
/// first few others that are looked at; its present part if none has room.
int32_t target_of(const PartState& state, PartConnections& connections, int64_t row) {
  const auto weights = state.level().weights(row);
  const int32_t present = state.part(row);
  int32_t best = present;
  for (const int32_t part : connections.of(row)) {
    if (part == present || !state.may_enter(part, weights)) continue;
    const bool better = best == present || connections.weight(part) > connections.weight(best) ||
                        (connections.weight(part) == connections.weight(best) && part < best);
    if (better) best = part;
  }
  if (best != present) return best;
  const auto first = static_cast<int32_t>(row % state.num_parts());
  for (int32_t i = 0; i < state.num_parts(); ++i) {
    if (i >= kTried && best != present) break;
    const int32_t part = (first + i) % state.num_parts();
    if (part == present || !state.may_enter(part, weights)) continue;
    if (best == present || state.load(part, 0) < state.load(best, 0)) best = part;
  }
  return best;
}

/// The share of its part's excess that a node takes away when it leaves, added up over the constraints that are
/// exceeded; 0 if it weighs in none of them.
double relief_of(const PartState& state, std::span<const int64_t> excess, int64_t row) {
  const auto weights = state.level().weights(row);
  const auto* own = excess.data() + static_cast<size_t>(state.part(row)) * weights.size();
  double relief = 0;
  for (size_t c = 0; c < weights.size(); ++c) {
    if (own[c] > 0) relief += std::min(1.0, static_cast<double>(weights[c]) / static_cast<double>(own[c]));
  }
  return relief;
}

/// Nodes that could leave, cheapest first.
std::vector<Candidate> find_candidates(const PartState& state, PartConnections& connections,
                                       std::span<const int64_t> excess) {
  std::vector<Candidate> candidates;
  for (int64_t row = 0; row < state.level().graph.num_owned(); ++row) {
    const int32_t part = state.part(row);
    if (part == kNoPart) continue;
    const double relief = relief_of(state, excess, row);
    if (relief == 0) continue;
    int64_t outside = 0;
    for (const int32_t other : connections.of(row)) {
      if (other != part) outside = std::max(outside, connections.weight(other));
    }
    candidates.push_back({static_cast<int32_t>(row), price_of(connections.weight(part) - outside, relief)});
  }
  return by_price(candidates);
}

/// [P, C] how much this rank is to move out of each part, at a price that is common to all ranks: all of what is
/// cheaper, and its share of what is offered at that price.
std::vector<int64_t> allowances(const comm::Communicator& comm, const PartState& state, std::span<const int64_t> excess,
                                std::span<const Candidate> candidates) {
  if (comm.size() == 1) return {excess.begin(), excess.end()};
  std::vector<int64_t> place(excess.size(), -1);
  size_t num_exceeded = 0;
  for (size_t i = 0; i < excess.size(); ++i) {
    if (excess[i] > 0) place[i] = static_cast<int64_t>(num_exceeded++);
  }
  std::vector<int64_t> offered(num_exceeded * kNumPrices);
  for (const Candidate& candidate : candidates) {
    const auto weights = state.level().weights(candidate.row);
    for (size_t c = 0; c < weights.size(); ++c) {
      const int64_t exceeded = place[static_cast<size_t>(state.part(candidate.row)) * weights.size() + c];
      if (exceeded >= 0) offered[static_cast<size_t>(exceeded * kNumPrices + candidate.price)] += weights[c];
    }
  }
  const std::vector<int64_t> mine = offered;
  comm::all_reduce_sum(comm, std::span(offered));
  std::vector<int64_t> allowed(excess.size());
  for (size_t i = 0; i < excess.size(); ++i) {
    int64_t needed = excess[i];
    for (int64_t price = 0; price < kNumPrices && needed > 0; ++price) {
      const auto at = static_cast<size_t>(place[i] * kNumPrices + price);
      const double share =
          std::min(1.0, static_cast<double>(needed) / static_cast<double>(std::max<int64_t>(1, offered[at])));
      allowed[i] += static_cast<int64_t>(std::ceil(share * static_cast<double>(mine[at])));
      needed -= offered[at];
    }
  }
  return allowed;
}

/// Moves candidates while their parts have something to give away.
void move_candidates(PartState& state, PartConnections& connections, std::span<const Candidate> candidates,
                     std::vector<int64_t>& allowed) {
  for (const Candidate& candidate : candidates) {
    const auto weights = state.level().weights(candidate.row);
    int64_t* left = allowed.data() + static_cast<size_t>(state.part(candidate.row)) * weights.size();
    bool may_leave = false;
    for (size_t c = 0; c < weights.size(); ++c) may_leave |= weights[c] > 0 && left[c] > 0;
    if (!may_leave) continue;
    const int32_t to = target_of(state, connections, candidate.row);
    if (to == state.part(candidate.row)) continue;
    for (size_t c = 0; c < weights.size(); ++c) left[c] -= weights[c];
    state.move(candidate.row, to);
  }
  state.commit();
}

/// The limits of the state, but for constraints that hold everywhere: these may be exceeded by a share.
PartLimits with_slack(const PartState& state, double share) {
  PartLimits limits = state.limits();
  for (size_t c = 0; c < limits.limits.size(); ++c) {
    bool holds = true;
    for (int part = 0; part < limits.num_parts; ++part) holds &= state.excess(part, static_cast<int64_t>(c)) <= 0;
    if (holds) limits.limits[c] += static_cast<int64_t>(std::ceil(share * static_cast<double>(limits.limits[c])));
  }
  return limits;
}

}  // namespace

void balance(const comm::Communicator& comm, PartState& state) {
  PartConnections connections(state);
  const auto relieve = [&](bool is_shared) {
    const std::vector<int64_t> excess = find_excess(state);
    const std::vector<Candidate> candidates = find_candidates(state, connections, excess);
    std::vector<int64_t> allowed = is_shared ? allowances(comm, state, excess, candidates) : excess;
    move_candidates(state, connections, candidates, allowed);
  };
  state.share_room_equally();
  for (int round = 0; round < kMaxRounds && state.overload() > 0; ++round) {
    const double before = state.overload();
    relieve(true);
    if (state.overload() >= kProgress * before) break;
  }
  for (int rank = 0; comm.size() > 1 && rank < comm.size() && state.overload() > 0; ++rank) {
    state.give_room_to(rank);
    relieve(false);
  }
  state.share_room_equally();
}

void balance_in_turns(const comm::Communicator& comm, PartState& state) {
  balance(comm, state);
  for (int turn = 1; turn <= kTurns && state.overload() > 0; ++turn) {
    const double before = state.overload();
    const std::vector<int32_t> start(state.local_parts().begin(), state.local_parts().end());
    const PartLimits slack = with_slack(state, kSlack * turn);
    PartState loose(comm, state.level(), slack, state.owned_parts());
    balance(comm, loose);
    state.restore(loose.local_parts());
    balance(comm, state);
    if (state.overload() >= before) state.restore(start);
  }
}

}  // namespace gigahop::partition
