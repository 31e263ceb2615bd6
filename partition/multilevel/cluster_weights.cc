#include "partition/multilevel/cluster_weights.h"

#include <algorithm>

#include "comm/exchange.h"

namespace gigahop::partition {
namespace {

constexpr NodeWeight kUnknown = INT32_MAX;  // no room until the owner has said how much there is

/// What one contributor must take back of an overshoot, so that all together take back at least all of it.
int64_t share_of_overshoot(int64_t overshoot, int64_t inflow, int64_t total_inflow) {
  if (overshoot <= 0 || inflow <= 0) return 0;
  const double share = static_cast<double>(overshoot) / static_cast<double>(total_inflow);
  return std::min(inflow, static_cast<int64_t>(share * static_cast<double>(inflow)) + 1);
}

}  // namespace

ClusterWeights::ClusterWeights(const comm::Communicator& comm, const LevelView& level,
                               std::span<const int64_t> max_weights)
    : comm_(comm),
      level_(level),
      max_weights_(max_weights),
      width_(level.num_constraints),
      num_owned_(level.graph.num_owned()),
      first_node_(level.graph.blocks.first(comm.rank())),
      halo_places_(level.graph.halo_ids) {
  weights_.assign(level.node_weights.begin(), level.node_weights.end());
  weights_.resize(static_cast<size_t>(level.graph.num_local() * width_));
  touched_place_.assign(static_cast<size_t>(level.graph.num_local()), -1);
  std::vector<NodeWeight> owned(static_cast<size_t>(num_owned_));
  std::vector<NodeWeight> halo(static_cast<size_t>(level.graph.num_halo()));
  for (int64_t c = 0; c < width_; ++c) {
    for (int64_t row = 0; row < num_owned_; ++row) owned[static_cast<size_t>(row)] = weights_[row * width_ + c];
    exchange_halo(comm, level.graph, std::span<const NodeWeight>(owned), std::span(halo));
    for (size_t place = 0; place < halo.size(); ++place) {
      weights_[(num_owned_ + static_cast<int64_t>(place)) * width_ + c] = halo[place];
    }
  }
}

int32_t ClusterWeights::slot_of(int64_t cluster) {
  if (cluster >= first_node_ && cluster < first_node_ + num_owned_) return static_cast<int32_t>(cluster - first_node_);
  const int64_t place = halo_places_(cluster);
  if (place >= 0) return static_cast<int32_t>(num_owned_ + place);
  const auto slot = static_cast<int32_t>(level_.graph.num_local() + distant_.add(cluster));
  if (slot >= num_slots()) {
    weights_.resize(weights_.size() + static_cast<size_t>(width_), kUnknown);
    touched_place_.push_back(-1);
    touch(slot);
  }
  return slot;
}

int64_t ClusterWeights::cluster_of(int32_t slot) const {
  const int64_t num_local = level_.graph.num_local();
  return slot < num_local ? level_.graph.node(comm_.rank(), slot) : distant_.id(slot - num_local);
}

void ClusterWeights::touch(int32_t slot) {
  if (touched_place_[slot] >= 0) return;
  touched_place_[slot] = static_cast<int32_t>(touched_.size());
  touched_.push_back(slot);
  changes_.resize(changes_.size() + static_cast<size_t>(width_));
}

template <class Weight>
void ClusterWeights::add(int32_t slot, const Weight* weights, int64_t sign) {
  touch(slot);
  for (int64_t c = 0; c < width_; ++c) {
    weights_[slot * width_ + c] += static_cast<NodeWeight>(sign * weights[c]);
    change(slot)[c] += sign * weights[c];
  }
}

void ClusterWeights::move(std::span<const NodeWeight> weights, int32_t from, int32_t to) {
  if (comm_.size() > 1) {
    add(to, weights.data(), 1);
    return;
  }
  for (size_t c = 0; c < weights.size(); ++c) {
    weights_[static_cast<size_t>(from * width_) + c] -= weights[c];
    weights_[static_cast<size_t>(to * width_) + c] += weights[c];
  }
}

void ClusterWeights::forget_batch() {
  for (const int32_t slot : touched_) touched_place_[slot] = -1;
  touched_.clear();
  changes_.clear();
}

/// Sends [row, change] of every touched foreign cluster to its owner.
ClusterWeights::Reports ClusterWeights::tell_owners() {
  const NodeBlocks& blocks = level_.graph.blocks;
  std::vector<std::vector<int64_t>> messages(static_cast<size_t>(comm_.size()));
  Reports reports;
  reports.told.resize(messages.size());
  for (const int32_t slot : touched_) {
    if (slot < num_owned_) continue;
    const int64_t cluster = cluster_of(slot);
    const int owner = blocks.owner(cluster);
    reports.told[owner].push_back(slot);
    messages[owner].push_back(cluster - blocks.first(owner));
    messages[owner].insert(messages[owner].end(), change(slot), change(slot) + width_);
  }
  reports.received = comm::all_to_all(comm_, messages);
  return reports;
}

/// Owners add up what came in and say what is too much. Returns [touched, C]: what of each constraint this rank must
/// take back from each cluster it touched.
std::vector<int64_t> ClusterWeights::settle_inflow() {
  const auto [told, reports] = tell_owners();
  const std::vector<int64_t> own_inflows = changes_;
  const auto record = static_cast<size_t>(1 + width_);
  for (size_t at = 0; at < reports.values.size(); at += record) {
    add(static_cast<int32_t>(reports.values[at]), &reports.values[at + 1], 1);
  }
  const auto overshoot = [&](int32_t row, int64_t c) { return weights_[row * width_ + c] - max_weights_[c]; };
  std::vector<std::vector<int64_t>> replies(static_cast<size_t>(comm_.size()));
  for (int rank = 0; rank < comm_.size(); ++rank) {
    const auto theirs = reports.from(rank);
    for (size_t at = 0; at < theirs.size(); at += record) {
      const auto row = static_cast<int32_t>(theirs[at]);
      for (int64_t c = 0; c < width_; ++c) replies[rank].push_back(weights_[row * width_ + c]);
      for (int64_t c = 0; c < width_; ++c) {
        const int64_t inflow = theirs[at + 1 + static_cast<size_t>(c)];
        replies[rank].push_back(share_of_overshoot(overshoot(row, c), inflow, change(row)[c]));
      }
    }
  }
  const comm::ReceivedValues<int64_t> answers = comm::all_to_all(comm_, replies);
  std::vector<int64_t> owed(changes_.size());
  for (size_t i = 0; i < own_inflows.size(); ++i) {
    const int32_t slot = touched_[i / static_cast<size_t>(width_)];
    const auto c = static_cast<int64_t>(i) % width_;
    if (slot < num_owned_) owed[i] = share_of_overshoot(overshoot(slot, c), own_inflows[i], changes_[i]);
  }
  for (int rank = 0; rank < comm_.size(); ++rank) {
    const int64_t* answer = answers.from(rank).data();
    for (const int32_t slot : told[rank]) {
      std::copy_n(answer, width_, weights_.begin() + slot * width_);
      std::copy_n(answer + width_, width_, owed.begin() + touched_place_[slot] * width_);
      answer += 2 * width_;
    }
  }
  return owed;
}

/// Takes moves back where something is owed, and takes the nodes of all others out of the clusters they left.
void ClusterWeights::revert(std::vector<Move>& moves, std::vector<int64_t>& owed) {
  std::fill(changes_.begin(), changes_.end(), 0);
  auto kept = moves.rbegin();
  for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
    const auto weights = level_.weights(move->row);
    int64_t* owes = owed.data() + touched_place_[move->to] * width_;
    bool is_owed = false;
    for (int64_t c = 0; c < width_; ++c) is_owed |= owes[c] > 0 && weights[static_cast<size_t>(c)] > 0;
    if (is_owed) {
      for (int64_t c = 0; c < width_; ++c) owes[c] -= weights[static_cast<size_t>(c)];
      add(move->to, weights.data(), -1);
    } else {
      add(move->from, weights.data(), -1);
      *kept++ = *move;
    }
  }
  moves.erase(moves.begin(), kept.base());
}

void ClusterWeights::settle(std::vector<Move>& moves) {
  if (comm_.size() == 1) return;
  std::vector<int64_t> owed = settle_inflow();
  revert(moves, owed);
  const comm::ReceivedValues<int64_t> corrections = tell_owners().received;
  const auto record = static_cast<size_t>(1 + width_);
  for (size_t at = 0; at < corrections.values.size(); at += record) {
    for (int64_t c = 0; c < width_; ++c) {
      weights_[corrections.values[at] * width_ + c] +=
          static_cast<NodeWeight>(corrections.values[at + 1 + static_cast<size_t>(c)]);
    }
  }
  forget_batch();
}

}  // namespace gigahop::partition
