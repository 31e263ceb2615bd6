/// Samples that overlap as much as they can: the seeds of a group share one random order of candidates per salt.
///
/// Each sample alone is uniform without replacement; together they need far fewer distinct nodes. With a single group
/// the deviation of one draw is common to the whole batch, batch norm takes it out in training but not in evaluation,
/// and accuracy suffers; a few groups average it away.
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

  /// Collective where the salt is not one of the salts_kept used last, else local.
  /// Cost of a seed: its degree plus O(K log K); of a new salt: for each group one pass over the edges and one exchange
  /// of sketches.
  SampleLists sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds);

 private:
  struct Group {
    PriorityKey neighbours_key, two_steps_key;
    Sketches sketches;
    std::vector<OriginalId> isolated;  // [K - 1] sample of every seed without neighbours; empty: the seed itself
  };
  struct Salt {
    int64_t salt = -1;
    std::vector<Group> groups;
  };
  const Salt& use_salt(const comm::Communicator& comm, int64_t salt);
  Group make_group(const comm::Communicator& comm, int64_t salt, int64_t group) const;
  std::vector<OriginalId> sample_whole_graph(const comm::Communicator& comm, PriorityKey key) const;

  const graph::LocalGraph& graph_;
  LoaderOptions options_;
  KnownRows rows_;
  SketchLayout layout_;
  std::vector<Salt> salts_;  // last used first, at most salts_kept
};

}  // namespace gigahop::sampler
