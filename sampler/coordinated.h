/// Samples that overlap as much as they can: all seeds share one random order of candidates per salt.
///
/// Each sample alone is uniform without replacement; together they need far fewer distinct nodes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/known_rows.h"
#include "sampler/loader.h"
#include "sampler/sample_lists.h"
#include "sampler/sketches.h"

namespace gigahop::sampler {

class CoordinatedSampler {
 public:
  /// Collective. The graph must outlive it.
  CoordinatedSampler(const graph::LocalGraph& graph, const comm::Communicator& comm, const LoaderOptions& options);

  /// Collective where the salt is not one of the two used last, else local.
  /// Cost of a seed: its degree plus O(K log K); of a new salt: one pass over the edges and one exchange of sketches.
  SampleLists sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds);

 private:
  struct Salt {
    int64_t salt = -1;
    PriorityKey neighbours_key, two_steps_key;
    Sketches sketches;
    std::vector<OriginalId> isolated;  // [K - 1] sample of every seed without neighbours; empty: the seed itself
  };
  const Salt& use_salt(const comm::Communicator& comm, int64_t salt);
  std::vector<OriginalId> sample_whole_graph(const comm::Communicator& comm, int64_t salt) const;

  const graph::LocalGraph& graph_;
  LoaderOptions options_;
  KnownRows rows_;
  SketchLayout layout_;
  std::vector<Salt> salts_;  // last used first, at most two
};

}  // namespace gigahop::sampler
