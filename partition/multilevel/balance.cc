#include "partition/multilevel/balance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "comm/collectives.h"

namespace gigahop::partition {
namespace {

constexpr int kMaxRounds = 24;
/// A round in which the ranks share the room is worth another if it leaves less than this of the overload.
constexpr double kProgress = 0.75;
/// Balancing to the end goes on while less than this of the overload is left.
constexpr double kStillHelps = 0.98;
/// How much lower than the limits exchanges aim: what they leave, a node or so in each part, is then within the limits.
constexpr double kMargin = 0.001;
/// How many times what has to leave is offered, if there is as much.
constexpr double kOffered = 20;
/// Nodes of a part that each rank looks at, at least.
constexpr double kLeastOffered = 500;
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

/// An amount of a constraint, as a share of its limit.
double relative(const PartState& state, int64_t amount, size_t c) {
  return static_cast<double>(amount) / static_cast<double>(std::max<int64_t>(1, state.limits().limits[c]));
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

/// Where a node goes best that has to leave: of the parts that accept it, the one that it has most edges to, or else
/// the emptiest of the first few others that are looked at; its present part if none does.
template <class Accepts>
int32_t target_of(const PartState& state, PartConnections& connections, int64_t row, const Accepts& accepts) {
  const int32_t present = state.part(row);
  int32_t best = present;
  for (const int32_t part : connections.of(row)) {
    if (part == present || !accepts(part)) continue;
    const bool better = best == present || connections.weight(part) > connections.weight(best) ||
                        (connections.weight(part) == connections.weight(best) && part < best);
    if (better) best = part;
  }
  if (best != present) return best;
  const auto first = static_cast<int32_t>(row % state.num_parts());
  for (int32_t i = 0; i < state.num_parts(); ++i) {
    if (i >= kTried && best != present) break;
    const int32_t part = (first + i) % state.num_parts();
    if (part == present || !accepts(part)) continue;
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

/// [P] the share of the nodes of each part that is looked at for what has to leave: where that is little, a few, though
/// all of a small part.
std::vector<double> shares_to_look_at(const PartState& state, std::span<const int64_t> excess) {
  std::vector<double> shares(static_cast<size_t>(state.num_parts()));
  std::vector<int64_t> num_nodes(shares.size());
  for (const int32_t part : state.owned_parts()) {
    if (part != kNoPart) ++num_nodes[static_cast<size_t>(part)];
  }
  const auto width = static_cast<size_t>(state.level().num_constraints);
  for (size_t i = 0; i < excess.size(); ++i) {
    if (excess[i] == 0) continue;
    const size_t part = i / width;
    const auto load = static_cast<double>(state.load(static_cast<int>(part), static_cast<int64_t>(i % width)));
    const double offered = kOffered * static_cast<double>(excess[i]) / load;
    const double least = kLeastOffered / static_cast<double>(std::max<int64_t>(1, num_nodes[part]));
    shares[part] = std::max({shares[part], offered, least});
  }
  return shares;
}

/// Nodes that could leave, cheapest first. turn: which nodes of a part are looked at where not all are.
std::vector<Candidate> find_candidates(const comm::Communicator& comm, const PartState& state,
                                       PartConnections& connections, std::span<const int64_t> excess, uint64_t turn) {
  const DistributedGraph& graph = state.level().graph;
  const std::vector<double> shares = shares_to_look_at(state, excess);
  std::vector<Candidate> candidates;
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    const int32_t part = state.part(row);
    if (part == kNoPart) continue;
    const double share = shares[static_cast<size_t>(part)];
    if (share == 0) continue;
    const auto node = static_cast<uint64_t>(graph.node(comm.rank(), row));
    if (share < 1 && to_uniform(static_cast<uint32_t>(scatter(node ^ scatter(turn)) >> 32)) >= share) continue;
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

/// Which parts a node that has to leave may enter.
enum class Entry {
  kWhereRoom,      // no limit is exceeded by it
  kWhereItLessens  // also where it adds less than half of the overload that it takes away: limits that contradict each
                   // other part by part are met by exchanges
};

/// Moves candidates while their parts have something to give away.
void move_candidates(PartState& state, PartConnections& connections, std::span<const Candidate> candidates, Entry entry,
                     std::vector<int64_t>& allowed) {
  for (const Candidate& candidate : candidates) {
    const auto weights = state.level().weights(candidate.row);
    const int32_t from = state.part(candidate.row);
    int64_t* left = allowed.data() + static_cast<size_t>(from) * weights.size();
    double relief = 0;
    for (size_t c = 0; c < weights.size(); ++c) {
      const int64_t excess = std::max<int64_t>(0, state.excess(from, static_cast<int64_t>(c)));
      if (left[c] > 0) relief += relative(state, std::min<int64_t>(weights[c], excess), c);
    }
    if (relief == 0) continue;
    const int32_t to = target_of(state, connections, candidate.row, [&](int32_t part) {
      return entry == Entry::kWhereRoom ? state.may_enter(part, weights) : state.burden(part, weights) < relief / 2;
    });
    if (to == from) continue;
    for (size_t c = 0; c < weights.size(); ++c) left[c] -= weights[c];
    state.move(candidate.row, to);
  }
  state.commit();
}

/// A little less than the limits of the state.
PartLimits with_margin(const PartState& state) {
  PartLimits limits = state.limits();
  for (int64_t& limit : limits.limits) limit -= static_cast<int64_t>(kMargin * static_cast<double>(limit));
  return limits;
}

class Balancing {
 public:
  Balancing(const comm::Communicator& comm, PartState& state) : comm_(comm), state_(state), connections_(state) {}

  /// The ranks share what has to go and the room there is, until `limits` hold or a round brings too little.
  void relieve_together(Entry entry, const PartLimits& limits) {
    state_.share_room_equally();
    for (int round = 0; round < kMaxRounds && state_.overload(limits) > 0; ++round) {
      const double before = state_.overload();
      const std::vector<int64_t> excess = find_excess(state_);
      const std::vector<Candidate> candidates = candidates_for(excess);
      std::vector<int64_t> allowed = allowances(comm_, state_, excess, candidates);
      move_candidates(state_, connections_, candidates, entry, allowed);
      if (state_.overload() >= kProgress * before) break;
    }
  }

  /// One rank after the other has all of the room: where shares are smaller than a node.
  void relieve_in_turns() {
    for (int rank = 0; rank < comm_.size() && state_.overload() > 0; ++rank) {
      state_.give_room_to(rank);
      std::vector<int64_t> allowed = find_excess(state_);
      move_candidates(state_, connections_, candidates_for(allowed), Entry::kWhereRoom, allowed);
    }
    state_.share_room_equally();
  }

 private:
  std::vector<Candidate> candidates_for(std::span<const int64_t> excess) {
    return find_candidates(comm_, state_, connections_, excess, turn_++);
  }

  const comm::Communicator& comm_;
  PartState& state_;
  PartConnections connections_;
  uint64_t turn_ = 0;
};

}  // namespace

void balance(const comm::Communicator& comm, PartState& state) {
  Balancing balancing(comm, state);
  balancing.relieve_together(Entry::kWhereRoom, state.limits());
  if (state.overload() > 0) {
    const PartLimits lower = with_margin(state);
    PartState exchanging(comm, state.level(), lower, state.owned_parts());
    Balancing(comm, exchanging).relieve_together(Entry::kWhereItLessens, state.limits());
    if (exchanging.overload(state.limits()) < state.overload()) state.restore(exchanging.local_parts());
  }
  if (comm.size() > 1) balancing.relieve_in_turns();
}

void balance_to_the_end(const comm::Communicator& comm, PartState& state) {
  double before = std::numeric_limits<double>::infinity();
  while (state.overload() > 0 && state.overload() < kStillHelps * before) {
    before = state.overload();
    balance(comm, state);
  }
}

}  // namespace gigahop::partition
