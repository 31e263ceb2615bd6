/// A partition of one level while it is being improved: the part of every node this rank sees, what every part carries,
/// and how much of the room in each part this rank may use before the ranks next compare notes.
///
/// A rank moves its own nodes at once and sees them moved; others see them after commit(). Between two commits a rank
/// brings no more into a part than its share of the room there, so that no part exceeds a limit it did not exceed
/// before.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "partition/multilevel/level.h"
#include "partition/part_limits.h"

namespace gigahop::partition {

/// No part yet: isolated nodes, and new ones of a graph that grew, until they are placed.
inline constexpr int32_t kNoPart = -1;

/// The cut under limits, comparable: less overload first, then less cut.
struct Quality {
  double overload = 0;  // sum over parts and constraints of the excess over the limit, relative to it
  int64_t cut = 0;      // weight of the edges between parts, each undirected edge once

  bool is_balanced() const { return overload == 0; }
  auto operator<=>(const Quality&) const = default;
};

class PartState {
 public:
  /// parts [owned]; kNoPart for nodes that are not placed. Collective.
  PartState(const comm::Communicator& comm, const LevelView& level, const PartLimits& limits,
            std::span<const int32_t> parts);

  const LevelView& level() const { return level_; }
  const PartLimits& limits() const { return limits_; }
  int num_parts() const { return limits_.num_parts; }
  int32_t part(int64_t local) const { return parts_[static_cast<size_t>(local)]; }
  std::span<const int32_t> local_parts() const { return parts_; }
  std::span<const int32_t> owned_parts() const {
    return std::span(parts_).first(static_cast<size_t>(level_.graph.num_owned()));
  }
  /// Whether all neighbours are in the node's own part: what most nodes of a good partition need only be asked.
  bool is_inner(int64_t row) const {
    const int32_t own = parts_[static_cast<size_t>(row)];
    for (const int32_t neighbour : level_.graph.neighbours(row)) {
      if (parts_[static_cast<size_t>(neighbour)] != own) return false;
    }
    return true;
  }
  /// As of the last commit, with this rank's own moves since.
  int64_t load(int part, int64_t c) const { return loads_[at(part, c)] + deltas_[at(part, c)]; }
  /// load() above the limit.
  int64_t excess(int part, int64_t c) const { return load(part, c) - limits_.limits[static_cast<size_t>(c)]; }
  /// Whether this rank may bring so much into the part before the next commit.
  bool may_enter(int part, std::span<const NodeWeight> weights) const {
    for (size_t c = 0; c < weights.size(); ++c) {
      const size_t i = at(part, static_cast<int64_t>(c));
      if (weights[c] > 0 && deltas_[i] + weights[c] > quotas_[i]) return false;
    }
    return true;
  }
  /// What the part's overload grows by if this rank brings so much into it; 0 where it may enter.
  double burden(int part, std::span<const NodeWeight> weights) const {
    double sum = 0;
    for (size_t c = 0; c < weights.size(); ++c) {
      const size_t i = at(part, static_cast<int64_t>(c));
      const int64_t before = std::max<int64_t>(0, deltas_[i] - quotas_[i]);
      const int64_t after = std::max<int64_t>(0, deltas_[i] + weights[c] - quotas_[i]);
      sum += static_cast<double>(after - before) / static_cast<double>(std::max<int64_t>(1, limits_.limits[c]));
    }
    return sum;
  }
  void move(int64_t row, int32_t to);
  /// All ranks learn of all moves; returns how many there were. Collective. 8 P C bytes and 8 per moved copy.
  int64_t commit();

  /// How the room is shared until the next call: equally, or all of it to one rank.
  void share_room_equally();
  void give_room_to(int rank);

  /// One sweep over the edges. Collective, nothing uncommitted.
  int64_t cut() const;
  double overload() const { return overload(limits_); }
  double overload(const PartLimits& limits) const;
  /// Both. Collective.
  Quality quality() const { return {.overload = overload(), .cut = cut()}; }

  /// Goes back to parts saved earlier; they may differ from the present ones at will. Collective.
  void restore(std::span<const int32_t> local_parts);

 private:
  static constexpr int kEveryRank = -1;

  size_t at(int part, int64_t c) const {
    return static_cast<size_t>(part) * static_cast<size_t>(level_.num_constraints) + static_cast<size_t>(c);
  }
  void count_loads();
  void update_quotas();

  const comm::Communicator& comm_;
  LevelView level_;
  const PartLimits& limits_;
  std::vector<int32_t> parts_;   // [local]
  std::vector<int64_t> loads_;   // [P, C] over all ranks, as of the last commit
  std::vector<int64_t> deltas_;  // [P, C] this rank's moves since
  std::vector<int64_t> quotas_;  // [P, C] what deltas_ may reach
  int room_owner_ = kEveryRank;  // who may use the room
  int64_t num_commits_ = 0;
  std::vector<int32_t> moved_;  // rows moved since the last commit, perhaps more than once
};

/// Edge weight from one node to each part.
class PartConnections {
 public:
  explicit PartConnections(const PartState& state) : state_(state), weights_(static_cast<size_t>(state.num_parts())) {}

  /// Parts that the node has edges to; weight() of them is valid until the next call.
  std::span<const int32_t> of(int64_t row) {
    for (const int32_t part : touched_) weights_[part] = 0;
    touched_.clear();
    const DistributedGraph& graph = state_.level().graph;
    const auto parts = state_.local_parts();
    for (int64_t entry = graph.row_offsets[row]; entry < graph.row_offsets[row + 1]; ++entry) {
      const int32_t part = parts[graph.column_ids[entry]];
      if (part == kNoPart) continue;
      if (weights_[part] == 0) touched_.push_back(part);
      weights_[part] += graph.edge_weight(entry);
    }
    return touched_;
  }
  int64_t weight(int part) const { return weights_[static_cast<size_t>(part)]; }

 private:
  const PartState& state_;
  std::vector<int64_t> weights_;
  std::vector<int32_t> touched_;
};

}  // namespace gigahop::partition
