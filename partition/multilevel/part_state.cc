#include "partition/multilevel/part_state.h"

#include <algorithm>

#include "comm/collectives.h"

namespace gigahop::partition {

PartState::PartState(const comm::Communicator& comm, const LevelView& level, const PartLimits& limits,
                     std::span<const int32_t> parts)
    : comm_(comm), level_(level), limits_(limits), parts_(parts.begin(), parts.end()) {
  parts_.resize(static_cast<size_t>(level.graph.num_local()), kNoPart);
  exchange_halo(comm, level.graph, parts, std::span(parts_).subspan(parts.size()));
  count_loads();
}

void PartState::move(int64_t row, int32_t to) {
  const auto weights = level_.weights(row);
  const int32_t from = parts_[static_cast<size_t>(row)];
  for (size_t c = 0; c < weights.size(); ++c) {
    if (from != kNoPart) deltas_[at(from, static_cast<int64_t>(c))] -= weights[c];
    deltas_[at(to, static_cast<int64_t>(c))] += weights[c];
  }
  parts_[static_cast<size_t>(row)] = to;
  moved_.push_back(static_cast<int32_t>(row));
}

int64_t PartState::commit() {
  HaloUpdates<int32_t> updates(comm_, level_.graph);
  if (comm_.size() > 1) {
    for (const int32_t row : moved_) updates.stage(row, parts_[row]);
  }
  const int64_t owned = level_.graph.num_owned();
  updates.run([&](int64_t place, int32_t part) { parts_[static_cast<size_t>(owned + place)] = part; });
  deltas_.push_back(static_cast<int64_t>(moved_.size()));
  comm::all_reduce_sum(comm_, std::span(deltas_));
  const int64_t num_moved = deltas_.back();
  deltas_.pop_back();
  for (size_t i = 0; i < loads_.size(); ++i) loads_[i] += deltas_[i];
  std::fill(deltas_.begin(), deltas_.end(), 0);
  moved_.clear();
  ++num_commits_;
  update_quotas();
  return num_moved;
}

void PartState::share_room_equally() {
  room_owner_ = kEveryRank;
  update_quotas();
}

void PartState::give_room_to(int rank) {
  room_owner_ = rank;
  update_quotas();
}

int64_t PartState::cut() const {
  const DistributedGraph& graph = level_.graph;
  int64_t cut = 0;
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    for (int64_t entry = graph.row_offsets[row]; entry < graph.row_offsets[row + 1]; ++entry) {
      if (parts_[graph.column_ids[entry]] != parts_[row]) cut += graph.edge_weight(entry);
    }
  }
  return comm::sum_over_ranks(comm_, cut) / 2;
}

double PartState::overload(const PartLimits& limits) const {
  double sum = 0;
  for (int part = 0; part < num_parts(); ++part) {
    for (int64_t c = 0; c < level_.num_constraints; ++c) {
      const int64_t limit = limits.limits[static_cast<size_t>(c)];
      const int64_t excess = std::max<int64_t>(0, load(part, c) - limit);
      sum += static_cast<double>(excess) / static_cast<double>(std::max<int64_t>(1, limit));
    }
  }
  return sum;
}

void PartState::restore(std::span<const int32_t> local_parts) {
  parts_.assign(local_parts.begin(), local_parts.end());
  moved_.clear();
  count_loads();
}

void PartState::count_loads() {
  loads_.assign(at(num_parts(), 0), 0);
  deltas_.assign(loads_.size(), 0);
  for (int64_t row = 0; row < level_.graph.num_owned(); ++row) {
    const int32_t part = parts_[static_cast<size_t>(row)];
    if (part == kNoPart) continue;
    const auto weights = level_.weights(row);
    for (size_t c = 0; c < weights.size(); ++c) loads_[at(part, static_cast<int64_t>(c))] += weights[c];
  }
  comm::all_reduce_sum(comm_, std::span(loads_));
  update_quotas();
}

/// Equal shares of the ranks that have nodes, in whole units; what is left over goes to other ranks in every part and
/// after every commit. Of a part above its limit every rank has to take its share of the excess out before it may bring
/// anything in.
void PartState::update_quotas() {
  quotas_.resize(loads_.size());
  const auto width = static_cast<size_t>(level_.num_constraints);
  const int64_t num_ranks = level_.graph.blocks.num_owners();
  for (size_t i = 0; i < loads_.size(); ++i) {
    const int64_t room = limits_.limits[i % width] - loads_[i];
    if (room < 0) {
      quotas_[i] = room_owner_ == kEveryRank ? -((-room + num_ranks - 1) / num_ranks) : room;
      continue;
    }
    const int64_t turn = (comm_.rank() + static_cast<int64_t>(i / width) + num_commits_) % num_ranks;
    const int64_t share = room / num_ranks + (turn < room % num_ranks ? 1 : 0);
    quotas_[i] = room_owner_ == kEveryRank ? share : room_owner_ == comm_.rank() ? room : 0;
  }
}

}  // namespace gigahop::partition
