#include "partition/multilevel/isolated.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>
#include <vector>

#include "comm/collectives.h"

namespace gigahop::partition {
namespace {

using Kind = std::vector<int64_t>;  // [C] weights that nodes have in common

/// All kinds of nodes without part, on any rank, ascending; heavier ones come first where they are harder to place.
std::vector<Kind> kinds_on_all_ranks(const comm::Communicator& comm, const std::map<Kind, std::vector<int32_t>>& mine,
                                     size_t width) {
  std::vector<int64_t> flat;
  for (const auto& [kind, rows] : mine) flat.insert(flat.end(), kind.begin(), kind.end());
  const std::vector<int64_t> all = comm::all_gather_varied(comm, std::span<const int64_t>(flat));
  std::vector<Kind> kinds;
  for (size_t at = 0; at < all.size(); at += width) kinds.emplace_back(all.begin() + at, all.begin() + at + width);
  std::sort(kinds.begin(), kinds.end(), std::greater<>());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

/// [P] how many of `count` nodes of one kind go to each part: the emptiest with room first. loads [P, C] are updated.
std::vector<int64_t> allot(const PartLimits& limits, const Kind& kind, int64_t count, std::vector<int64_t>& loads) {
  const size_t width = kind.size();
  const auto parts = static_cast<size_t>(limits.num_parts);
  std::vector<int64_t> room(parts);
  for (size_t part = 0; part < parts; ++part) {
    room[part] = count;
    for (size_t c = 0; c < width; ++c) {
      if (kind[c] == 0) continue;
      room[part] = std::min(room[part], std::max<int64_t>(0, limits.limits[c] - loads[part * width + c]) / kind[c]);
    }
  }
  std::vector<int64_t> allotted(parts);
  const auto give = [&](size_t part, int64_t nodes) {
    allotted[part] += nodes;
    room[part] -= nodes;
    for (size_t c = 0; c < width; ++c) loads[part * width + c] += nodes * kind[c];
  };
  std::vector<size_t> order;
  while (count > 0) {
    order.resize(parts);
    std::iota(order.begin(), order.end(), size_t{0});
    const bool any_room = std::any_of(room.begin(), room.end(), [](int64_t nodes) { return nodes > 0; });
    if (any_room) std::erase_if(order, [&](size_t part) { return room[part] <= 0; });
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return loads[a * width] < loads[b * width]; });
    // Lift the emptiest parts to the level of the next one, all together, as far as nodes and room go.
    size_t lowest = 1;
    while (lowest < order.size() && loads[order[lowest] * width] == loads[order[0] * width]) ++lowest;
    int64_t lift = std::max<int64_t>(1, count / static_cast<int64_t>(lowest));
    if (lowest < order.size()) {
      const int64_t gap = loads[order[lowest] * width] - loads[order[0] * width];
      lift = std::min(lift, (gap + kind[0] - 1) / kind[0]);
    }
    for (size_t i = 0; i < lowest && count > 0; ++i) {
      const int64_t nodes = std::min({lift, count, any_room ? room[order[i]] : count});
      give(order[i], nodes);
      count -= nodes;
    }
  }
  return allotted;
}

}  // namespace

void place_isolated_nodes(const comm::Communicator& comm, PartState& state) {
  const LevelView& level = state.level();
  std::map<Kind, std::vector<int32_t>> mine;
  for (int64_t row = 0; row < level.graph.num_owned(); ++row) {
    if (state.part(row) != kNoPart) continue;
    const auto weights = level.weights(row);
    mine[Kind(weights.begin(), weights.end())].push_back(static_cast<int32_t>(row));
  }
  std::vector<int64_t> loads;
  for (int part = 0; part < state.num_parts(); ++part) {
    for (int64_t c = 0; c < level.num_constraints; ++c) loads.push_back(state.load(part, c));
  }
  for (const Kind& kind : kinds_on_all_ranks(comm, mine, static_cast<size_t>(level.num_constraints))) {
    const std::vector<int32_t>& rows = mine[kind];
    const auto own = static_cast<int64_t>(rows.size());
    const int64_t before = comm::exclusive_sum(comm, own);
    const std::vector<int64_t> allotted = allot(state.limits(), kind, comm::sum_over_ranks(comm, own), loads);
    int64_t first = 0;  // nodes of this kind, over all ranks, that go to lower parts
    for (int part = 0; part < state.num_parts(); ++part) {
      const int64_t last = first + allotted[static_cast<size_t>(part)];
      for (int64_t i = std::max(first, before); i < std::min(last, before + own); ++i)
        state.move(rows[i - before], part);
      first = last;
    }
  }
  state.commit();
}

void fill_empty_parts(const comm::Communicator& comm, PartState& state) {
  const LevelView& level = state.level();
  const auto parts = static_cast<size_t>(state.num_parts());
  std::vector<int64_t> counts(parts);
  for (const int32_t part : state.owned_parts()) ++counts[static_cast<size_t>(part)];
  comm::all_reduce_sum(comm, std::span(counts));
  for (size_t empty = 0; empty < parts; ++empty) {
    if (counts[empty] > 0) continue;
    const auto donor = static_cast<size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    if (counts[donor] < 2) break;
    // The node of least degree, of the lowest rank that has one: degree and rank in one number.
    int64_t best_row = -1;
    int64_t best = INT64_MAX;
    for (int64_t row = 0; row < level.graph.num_owned(); ++row) {
      if (static_cast<size_t>(state.part(row)) != donor) continue;
      const int64_t key = level.graph.degree(row) * comm.size() + comm.rank();
      if (key >= best) continue;
      best = key;
      best_row = row;
    }
    int64_t least = best;
    comm::all_reduce_min(comm, std::span(&least, 1));
    if (best == least && best_row >= 0) state.move(best_row, static_cast<int32_t>(empty));
    --counts[donor];
    ++counts[empty];
  }
  state.commit();
}

}  // namespace gigahop::partition
