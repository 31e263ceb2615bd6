/// Which remote nodes a rank keeps in its row cache.
///
///   DEGREE     halo nodes first, then the others; within each by degree
///   VIP        by the analysis of sampler/access_weights.h
///   PRESAMPLE  by how many batches of the epoch to come want them, whose samples are drawn once more for this
///
/// Every choice is a list of at most `capacity` original ids of nodes that other ranks own, ascending. Ties are broken
/// by a hash of the id, so a choice depends on the graph, the settings and which rank owns what, on nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/directory.h"

namespace gigahop::sampler {

enum class CachePolicy { kNone, kDegree, kVip, kPresample };

struct Candidate {
  uint64_t key;  // the highest are taken
  OriginalId id;
};

/// The ids of the `capacity` highest keys over all ranks, on `taker`; candidates with one key go or stay together.
/// Nothing on other ranks. Collective, with the same taker and capacity everywhere.
/// Cost: 64 all-reduces of 8 bytes, 8 bytes per id that is taken. Memory: the candidates, 8 bytes per id of the
/// choice.
std::vector<OriginalId> take_highest(const comm::Communicator& comm, int taker, int64_t capacity,
                                     std::vector<Candidate> candidates);

/// Collective; capacities may differ. Cost: R times a pass over the owned rows and take_highest.
std::vector<OriginalId> choose_by_degree(const graph::LocalGraph& graph, const comm::Communicator& comm,
                                         int64_t capacity);

/// seeds: as of AccessWeights. Collective; capacities may differ. Cost: that of AccessWeights, and R times
/// take_highest.
std::vector<OriginalId> choose_by_weight(const graph::LocalGraph& graph, const comm::Communicator& comm,
                                         std::span<const LocalId> seeds, int64_t sample_size, int64_t capacity);

/// In how many batches nodes were wanted. Memory: at most 32 bytes per distinct node while counting, 48 while choosing.
class AccessCounts {
 public:
  /// The remote ones among ids; each counts once a call.
  void add(std::span<const OriginalId> ids, std::span<const Location> where, int rank);
  /// These were kept so far: they stay where there is room.
  void add_kept(std::span<const OriginalId> ids);
  std::vector<OriginalId> choose(int64_t capacity);

 private:
  struct Count {
    OriginalId id;
    int64_t count;
  };
  void merge();

  void make_room(size_t num_more);

  std::vector<Count> counts_;  // merged where they reach the capacity
};

}  // namespace gigahop::sampler
