#include "partition/multilevel/cluster.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/random.h"
#include "comm/collectives.h"
#include "partition/multilevel/cluster_weights.h"

namespace gigahop::partition {
namespace {

/// Nodes of larger degree neither move nor are asked: their rows would cost as much as all others together.
constexpr int64_t kMaxDegree = 1'000'000;
/// Stop when fewer than one node in so many moved in a round.
constexpr int64_t kStillMoving = 1000;

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
  std::vector<int32_t> moving_order() {
    std::vector<std::pair<uint64_t, int32_t>> keyed;
    for (int64_t row = 0; row < graph_.num_owned(); ++row) {
      const auto degree = static_cast<uint64_t>(graph_.degree(row));
      if (degree == 0) continue;
      const auto node = static_cast<uint64_t>(graph_.node(comm_.rank(), row));
      const uint64_t bucket = static_cast<uint64_t>(std::bit_width(degree)) << 56;
      keyed.emplace_back(bucket | scatter(node ^ scatter(options_.seed)) >> 8, static_cast<int32_t>(row));
    }
    std::sort(keyed.begin(), keyed.end());
    std::vector<int32_t> order;
    order.reserve(keyed.size());
    for (const auto& [key, row] : keyed) order.push_back(row);
    return order;
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

  /// The cluster with room that most edge weight leads to, ties at random; the present one if none is better.
  int32_t choose(int32_t row) {
    rate(row);
    const int32_t present = labels_[row];
    const auto weights = level_.weights(row);
    int32_t best = present;
    int64_t best_rating = ratings_[present];
    int64_t favourite_rating = 0;
    uint64_t ties = 1;
    for (const int32_t slot : touched_) {
      const int64_t rating = ratings_[slot];
      if (slot == present) continue;
      if (rating > favourite_rating) {
        favourite_rating = rating;
        favourites_[row] = slot;
      }
      if (rating < best_rating || !weights_.has_room(slot, weights)) continue;
      if (rating > best_rating) {
        best_rating = rating;
        best = slot;
        ties = 1;
      } else if (best != present && draw() % ++ties == 0) {
        best = slot;
      }
    }
    for (const int32_t slot : touched_) ratings_[slot] = 0;
    return best;
  }

  void rate(int32_t row) {
    ratings_.resize(static_cast<size_t>(weights_.num_slots()));
    touched_.clear();
    for (int64_t entry = graph_.row_offsets[row]; entry < graph_.row_offsets[row + 1]; ++entry) {
      const int32_t slot = labels_[graph_.column_ids[entry]];
      if (ratings_[slot] == 0) touched_.push_back(slot);
      ratings_[slot] += graph_.edge_weight(entry);
    }
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
  std::vector<int64_t> ratings_;     // [slots] edge weight from the node in hand; all 0 between nodes
  std::vector<int32_t> touched_;
  std::vector<ClusterWeights::Move> moves_;
  uint64_t draws_;
};

}  // namespace

std::vector<int64_t> cluster_nodes(const comm::Communicator& comm, const LevelView& level,
                                   const ClusterOptions& options) {
  return Clustering(comm, level, options).run();
}

}  // namespace gigahop::partition
