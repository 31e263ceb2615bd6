#include "partition/multilevel/cluster.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "comm/collectives.h"
#include "partition/multilevel/cluster_weights.h"

namespace gigahop::partition {
namespace {

/// Nodes of larger degree do not move: their rows would cost as much as many others together.
constexpr int64_t kMaxDegree = 1'000'000;
/// Stop when fewer than one node in so many moved in a round.
constexpr int64_t kStillMoving = 1000;
/// Draws among the best clusters before all are asked for room.
constexpr int kDraws = 3;

/// Edge weight from one node to each cluster around it: a table small enough for the fastest memory.
class Rating {
 public:
  /// For a node with so many neighbours.
  void clear(int64_t degree) {
    for (const int32_t place : used_) keys_[place] = kFree;
    used_.clear();
    const auto wanted = std::bit_ceil(2 * static_cast<size_t>(degree));
    if (wanted > keys_.size()) {
      keys_.assign(wanted, kFree);
      weights_.resize(wanted);
    }
    mask_ = static_cast<uint32_t>(std::max(wanted, kLeast) - 1);
  }

  void add(int32_t slot, int64_t weight) {
    const uint32_t place = find(slot);
    if (keys_[place] == kFree) {
      keys_[place] = slot;
      weights_[place] = 0;
      used_.push_back(static_cast<int32_t>(place));
    }
    weights_[place] += weight;
  }

  /// Takes a cluster out of the drawing; returns its rating.
  int64_t remove(int32_t slot) {
    const uint32_t place = find(slot);
    return keys_[place] == kFree ? 0 : std::exchange(weights_[place], 0);
  }

  struct Rated {
    int32_t slot = -1;
    int64_t rating = 0;
  };
  /// One of the clusters of highest rating; rating 0 if none is left.
  Rated draw_best(uint64_t random) const {
    int64_t best = 0;
    uint64_t ties = 0;
    for (const int32_t place : used_) {
      if (weights_[place] > best) {
        best = weights_[place];
        ties = 1;
      } else if (weights_[place] == best) {
        ++ties;
      }
    }
    if (best == 0) return {};
    uint64_t skip = random % ties;
    for (const int32_t place : used_) {
      if (weights_[place] == best && skip-- == 0) return {keys_[place], best};
    }
    return {};
  }

  /// The highest rating above `least` that the predicate accepts.
  template <class Accept>
  Rated best_of(int64_t least, const Accept& accept) const {
    Rated best{.slot = -1, .rating = least};
    for (const int32_t place : used_) {
      if (weights_[place] > best.rating && accept(keys_[place])) best = {keys_[place], weights_[place]};
    }
    return best;
  }

 private:
  static constexpr int32_t kFree = -1;
  static constexpr size_t kLeast = 64;

  uint32_t find(int32_t slot) const {
    uint32_t place = static_cast<uint32_t>(slot) * 0x9e3779b1U >> 7 & mask_;
    while (keys_[place] != kFree && keys_[place] != slot) place = (place + 1) & mask_;
    return place;
  }

  std::vector<int32_t> keys_ = std::vector<int32_t>(kLeast, kFree);
  std::vector<int64_t> weights_ = std::vector<int64_t>(kLeast);
  std::vector<int32_t> used_;
  uint32_t mask_ = kLeast - 1;
};

class Clustering {
 public:
  Clustering(const comm::Communicator& comm, const LevelView& level, const ClusterOptions& options)
      : comm_(comm),
        level_(level),
        graph_(level.graph),
        options_(options),
        weights_(comm, level, options.max_weights),
        labels_(static_cast<size_t>(graph_.num_local())),
        favourites_(static_cast<size_t>(graph_.num_owned())),
        draws_(options.seed ^ scatter(static_cast<uint64_t>(comm.rank()) + 1)) {
    std::iota(labels_.begin(), labels_.end(), 0);
    std::iota(favourites_.begin(), favourites_.end(), 0);
  }

  std::vector<int64_t> run() {
    const std::vector<int32_t> order = moving_order();
    const int64_t num_nodes = comm::sum_over_ranks(comm_, static_cast<int64_t>(order.size()));
    for (int round = 0; round < options_.num_rounds; ++round) {
      int64_t moved = 0;
      for (int batch = 0; batch < options_.num_batches; ++batch) {
        const size_t begin = order.size() * static_cast<size_t>(batch) / static_cast<size_t>(options_.num_batches);
        const size_t end = order.size() * static_cast<size_t>(batch + 1) / static_cast<size_t>(options_.num_batches);
        moved += move_batch(std::span(order).subspan(begin, end - begin));
      }
      if (comm::sum_over_ranks(comm_, moved) * kStillMoving < num_nodes) break;
    }
    if (2 * count_clusters() > num_nodes) pair_lonely_nodes();
    std::vector<int64_t> clusters(static_cast<size_t>(graph_.num_owned()), kNoCluster);
    for (int64_t row = 0; row < graph_.num_owned(); ++row) {
      if (!level_.is_isolated(row)) clusters[static_cast<size_t>(row)] = weights_.cluster_of(labels_[row]);
    }
    return clusters;
  }

 private:
  /// Nodes that may move: by powers of two of the degree, at random within.
  std::vector<int32_t> moving_order() const {
    return connected_rows_by(level_, [&](int64_t row) {
      const auto node = static_cast<uint64_t>(graph_.node(comm_.rank(), row));
      const auto bucket = static_cast<uint64_t>(std::bit_width(static_cast<uint64_t>(graph_.degree(row)))) << 56;
      return bucket | scatter(node ^ scatter(options_.seed)) >> 8;
    });
  }

  int64_t move_batch(std::span<const int32_t> rows) {
    moves_.clear();
    for (const int32_t row : rows) {
      if (graph_.degree(row) > kMaxDegree) continue;
      const int32_t from = labels_[row];
      const int32_t to = choose(row);
      if (to == from) continue;
      weights_.move(level_.weights(row), from, to);
      labels_[row] = to;
      moves_.push_back({.row = row, .from = from, .to = to});
    }
    if (comm_.size() > 1) {
      for (const auto& move : moves_) labels_[move.row] = move.from;
    }
    weights_.settle(moves_);
    HaloUpdates<int64_t> updates(comm_, graph_);
    for (const auto& move : moves_) {
      labels_[move.row] = move.to;
      if (comm_.size() > 1) updates.stage(move.row, weights_.cluster_of(move.to));
    }
    updates.run([&](int64_t place, int64_t cluster) {
      const int32_t slot = weights_.slot_of(cluster);
      labels_[graph_.num_owned() + place] = slot;
    });
    return static_cast<int64_t>(moves_.size());
  }

  /// The cluster with room that more edge weight leads to than to any other, ties at random; the present one if none
  /// is better. Ratings are mostly ties and room is far in memory, so it is asked for of what was drawn.
  int32_t choose(int32_t row) {
    rating_.clear(graph_.degree(row));
    for (int64_t entry = graph_.row_offsets[row]; entry < graph_.row_offsets[row + 1]; ++entry) {
      rating_.add(labels_[graph_.column_ids[entry]], graph_.edge_weight(entry));
    }
    const int32_t present = labels_[row];
    const int64_t present_rating = rating_.remove(present);
    const auto weights = level_.weights(row);
    for (int attempt = 0; attempt < kDraws; ++attempt) {
      const auto [slot, rating] = rating_.draw_best(draw());
      if (attempt == 0 && rating > 0) favourites_[row] = slot;
      if (rating <= present_rating) return present;
      if (weights_.has_room(slot, weights)) return slot;
      rating_.remove(slot);
    }
    const auto best = rating_.best_of(present_rating, [&](int32_t slot) { return weights_.has_room(slot, weights); });
    return best.rating > present_rating ? best.slot : present;
  }

  uint64_t draw() { return scatter(draws_ += 0x9e3779b97f4a7c15ULL); }

  int64_t count_clusters() {
    int64_t count = 0;
    for (int64_t row = 0; row < graph_.num_owned(); ++row) {
      count += weights_.weight(static_cast<int32_t>(row), 0) > 0 && !level_.is_isolated(row) ? 1 : 0;
    }
    return comm::sum_over_ranks(comm_, count);
  }

  bool is_lonely(int64_t row) const {
    return labels_[row] == row && !level_.is_isolated(row) &&
           weights_.weight(static_cast<int32_t>(row), 0) == level_.weights(row)[0];
  }

  void pair_lonely_nodes() {
    std::vector<int32_t> waiting(static_cast<size_t>(weights_.num_slots()), -1);
    for (int64_t row = 0; row < graph_.num_owned(); ++row) {
      if (!is_lonely(row)) continue;
      int32_t& mate = waiting[favourites_[row]];
      if (mate < 0 || !weights_.has_room(mate, level_.weights(row))) {
        mate = static_cast<int32_t>(row);
        continue;
      }
      weights_.move(level_.weights(row), static_cast<int32_t>(row), mate);
      labels_[row] = mate;
      mate = -1;
    }
  }

  const comm::Communicator& comm_;
  const LevelView& level_;
  const DistributedGraph& graph_;
  const ClusterOptions& options_;
  ClusterWeights weights_;
  std::vector<int32_t> labels_;      // [local] slot of the cluster
  std::vector<int32_t> favourites_;  // [owned] slot of the best cluster, with room or without
  Rating rating_;
  std::vector<ClusterWeights::Move> moves_;
  uint64_t draws_;
};

}  // namespace

std::vector<int64_t> cluster_nodes(const comm::Communicator& comm, const LevelView& level,
                                   const ClusterOptions& options) {
  return Clustering(comm, level, options).run();
}

}  // namespace gigahop::partition
