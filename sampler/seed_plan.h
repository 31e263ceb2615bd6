/// Which seeds each step takes: a function of the partition, the batch size and the seed, never of the ranks.
///
/// Every part contributes its share of its own training nodes to every step, in an order shuffled per part and epoch,
/// so that all parts end the epoch in the same step. Step s of S takes places [b(s), b(s + 1)) of the n nodes of part
/// p, with b(s) = floor(n s / S + u) and a phase u in [0, 1) of the part: p times the golden ratio mod 1. The phases
/// spread the remainders of the parts over the steps; without them those of equal parts would all fall into the same
/// step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "graph/local_graph.h"

namespace gigahop::sampler {

/// Steps of one epoch: ceil(num_seeds / batch_size); 0 without seeds. Pure.
int64_t steps_per_epoch(int64_t num_seeds, int64_t batch_size);

/// The place of the first seed of step `step` among the `num_seeds` of part `part`: 0 for step 0, num_seeds for step
/// num_steps (< 2^31). Exact. Pure.
int64_t first_seed_of_step(int part, int64_t num_seeds, int64_t step, int64_t num_steps);

enum class Split { kTrain, kValid, kTest, kAll };
enum class SeedOrder { kShuffled, kAscending };

/// The graph must outlive it.
class SeedPlan {
 public:
  /// kShuffled orders each part's seeds by a random number of (key, epoch, original id); kAscending keeps them as
  /// stored. num_seeds: of the split over all ranks.
  SeedPlan(const graph::LocalGraph& graph, Split split, int64_t num_seeds, int64_t batch_size, SeedOrder order,
           RandomKey key);
  /// A free set of nodes: rows owned by this rank, in ascending order; num_seeds over all ranks.
  SeedPlan(const graph::LocalGraph& graph, std::vector<LocalId> rows, int64_t num_seeds, int64_t batch_size);

  int64_t num_steps() const { return num_steps_; }
  int64_t num_seeds() const { return num_seeds_; }
  /// This rank's seeds of one step, as rows of the local graph; may be empty.
  std::vector<LocalId> seeds(int64_t epoch, int64_t step);
  /// This rank's seeds of all steps of an epoch, ascending.
  std::vector<LocalId> all_seeds() const;

 private:
  void order_epoch(int64_t epoch);

  std::vector<int> parts_;                        // [shards of this rank] part number
  std::vector<std::vector<LocalId>> part_seeds_;  // by shard of this rank, as stored
  std::vector<std::vector<LocalId>> ordered_;     // of ordered_epoch_
  std::span<const OriginalId> original_ids_;      // of the graph; unused where the order is kAscending
  int64_t ordered_epoch_ = -1;
  int64_t num_seeds_ = 0;
  int64_t num_steps_ = 0;
  SeedOrder order_ = SeedOrder::kAscending;
  RandomKey key_;
};

}  // namespace gigahop::sampler
