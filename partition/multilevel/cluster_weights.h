/// What clusters weigh, as far as one rank knows: exact for clusters named after its own nodes, as of the last exchange
/// for others. A batch changes weights at once where they are seen here; settle() then makes the owners' word final.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "partition/multilevel/id_slots.h"
#include "partition/multilevel/level.h"
#include "partition/place_finder.h"

namespace gigahop::partition {

/// The most that a bound on clusters may be: what R ranks bring into a cluster at the same time fits a NodeWeight.
inline int64_t most_weight(int num_ranks) {
  return (int64_t{1} << 30) / num_ranks;
}

/// Clusters are known here by slots: owned nodes first, then halo nodes, then what others' labels brought in.
class ClusterWeights {
 public:
  /// Every node a cluster of its own. max_weights: at most most_weight(R). Collective.
  ClusterWeights(const comm::Communicator& comm, const LevelView& level, std::span<const int64_t> max_weights);

  int32_t slot_of(int64_t cluster);
  int64_t cluster_of(int32_t slot) const;
  int64_t num_slots() const { return static_cast<int64_t>(weights_.size()) / width_; }
  int64_t weight(int32_t slot, int constraint) const { return weights_[slot * width_ + constraint]; }

  bool has_room(int32_t slot, std::span<const NodeWeight> weights) const {
    const NodeWeight* carried = weights_.data() + slot * width_;
    for (int64_t c = 0; c < width_; ++c) {
      if (int64_t{carried[c]} + weights[c] > max_weights_[c]) return false;
    }
    return true;
  }
  /// Until the batch is settled a node weighs in the cluster it leaves too: so it can always go back.
  void move(std::span<const NodeWeight> weights, int32_t from, int32_t to);

  /// A node that moved in this batch.
  struct Move {
    int32_t row = 0;
    int32_t from = 0;
    int32_t to = 0;
  };
  /// Ends a batch: owners learn of all changes; moves that brought a cluster above the bound are reverted and taken out
  /// of `moves`, the latest first. Collective.
  void settle(std::vector<Move>& moves);

 private:
  int64_t* change(int32_t slot) { return changes_.data() + touched_place_[slot] * width_; }
  void touch(int32_t slot);
  template <class Weight>
  void add(int32_t slot, const Weight* weights, int64_t sign);
  struct Reports {
    std::vector<std::vector<int32_t>> told;  // [R] slots in the order they were told to rank r
    comm::ReceivedValues<int64_t> received;  // records [row, change]
  };
  Reports tell_owners();
  std::vector<int64_t> settle_inflow();
  void revert(std::vector<Move>& moves, std::vector<int64_t>& owed);
  void forget_batch();

  const comm::Communicator& comm_;
  const LevelView& level_;
  std::span<const int64_t> max_weights_;
  int64_t width_;  // C
  int64_t num_owned_;
  int64_t first_node_;
  PlaceFinder halo_places_;
  IdSlots distant_;                     // clusters of the slots behind the local nodes
  std::vector<NodeWeight> weights_;     // [slots, C]
  std::vector<int32_t> touched_place_;  // [slots] place in touched_; -1
  std::vector<int32_t> touched_;        // slots that changed in this batch, or whose weight is wanted
  std::vector<int64_t> changes_;        // [touched, C] first what came in, then what has to be corrected
};

}  // namespace gigahop::partition
