/// Samples of each seed on its own, as in the paper: every seed orders its candidates by priorities that no other
/// shares.
///
/// Exact and uniform: all two-step walks are looked at. Rows of remote neighbours come from their owners in bounded
/// rounds, and a seed keeps only its K-1 best so far.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/loader.h"
#include "sampler/lowest.h"
#include "sampler/sample_lists.h"

namespace gigahop::sampler {

/// Distinct uniform random nodes of a graph of num_nodes, for a seed without neighbours: sequence.size() draws without
/// replacement, or, where the graph is smaller, all nodes by the seed's own priorities, again and again. Pure.
void draw_from_whole_graph(RandomKey key, int64_t salt, OriginalId seed, int64_t num_nodes,
                           std::span<OriginalId> sequence);

class IndependentSampler {
 public:
  /// Collective. The graph must outlive it.
  IndependentSampler(const graph::LocalGraph& graph, const comm::Communicator& comm, const LoaderOptions& options);

  /// Collective. Cost of a seed: the sum of its neighbours' degrees; the row of each distinct remote neighbour of the
  /// batch travels once, 8 bytes per entry.
  SampleLists sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds);

 private:
  PriorityKey two_steps_key(int64_t salt, LocalId seed) const;
  /// The first of greatest degree; -1 where none is owned.
  LocalId longest_owned_row(std::span<const LocalId> rows) const;
  void walk_owned_rows(int64_t salt, std::span<const LocalId> seeds, LowestOfMany& two_steps) const;
  void walk_remote_rows(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds,
                        LowestOfMany& two_steps) const;

  const graph::LocalGraph& graph_;
  LoaderOptions options_;
  int64_t max_length_;                    // K - 1
  std::vector<OriginalId> original_ids_;  // [owned + halo]
};

}  // namespace gigahop::sampler
