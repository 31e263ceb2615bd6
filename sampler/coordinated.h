/// Samples that overlap as much as they can: the seeds of a group share one random order of candidates per salt.
///
/// Each sample alone is uniform without replacement; together they need far fewer distinct nodes. With a single group
/// the deviation of one draw is common to the whole batch, batch norm takes it out in training but not in evaluation,
/// and accuracy suffers; a few groups average it away.
#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/loader.h"
#include "sampler/lowest.h"
#include "sampler/sample_lists.h"
#include "sampler/sketches.h"

namespace gigahop::sampler {

class CoordinatedSampler {
 public:
  /// Collective. The graph must outlive it.
  CoordinatedSampler(const graph::LocalGraph& graph, const comm::Communicator& comm, const LoaderOptions& options);

  /// Collective. What belongs to a salt is kept for the salts_kept used last.
  /// Cost of a seed: its degree plus O(K log K), and the rows of short neighbours up to the lowest found so far. Of a
  /// long row: its length once for each group of seeds around it and each salt, or each batch where the budget keeps it
  /// no longer. On more than one rank an all-reduce, and an exchange where a list is missing.
  SampleLists sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds);

  /// Of sketches and remote rows kept.
  int64_t kept_bytes() { return sketches_.budget().used_bytes; }

 private:
  struct Group {
    PriorityKey neighbours_key;
    std::vector<OriginalId> isolated;  // [K - 1] sample of every seed without neighbours; empty: the seed itself
  };
  struct Salt {
    Salt(int64_t number, int64_t num_groups, ListBudget& budget)
        : salt(number), groups(static_cast<size_t>(num_groups)), sketches(budget) {}

    int64_t salt;
    std::vector<Group> groups;
    SaltSketches sketches;
  };
  /// What a thread needs for a seed.
  struct Scratch {
    explicit Scratch(int64_t max_length)
        : one_step(max_length), two_steps(max_length), sequence(static_cast<size_t>(max_length)) {}
    Lowest one_step, two_steps;
    std::vector<OriginalId> sequence;
  };
  /// A neighbour of one of the seeds that wait for lists.
  struct Place {
    size_t seed = 0;
    size_t neighbour = 0;
  };
  Salt& use_salt(const comm::Communicator& comm, int64_t salt);
  std::vector<OriginalId> sample_whole_graph(const comm::Communicator& comm, PriorityKey key) const;
  int64_t group_of(LocalId seed, int64_t salt) const;
  void write(const Salt& salt, int64_t b, LocalId seed, std::span<const uint64_t> two_steps, Scratch& scratch,
             ListBuffer& lists) const;
  void sample_waiting(const comm::Communicator& comm, Salt& salt, std::span<const LocalId> seeds,
                      std::span<const int64_t> waiting, ListBuffer& lists);
  Place want_from(Place place, Salt& salt, std::span<const LocalId> seeds, std::span<const int64_t> waiting);
  void merge_between(Place begin, Place end, const Salt& salt, std::span<const LocalId> seeds,
                     std::span<const int64_t> waiting, LowestOfMany& two_steps) const;

  const graph::LocalGraph& graph_;
  LoaderOptions options_;
  int64_t max_length_;                    // K - 1
  std::vector<OriginalId> original_ids_;  // [owned + halo]
  Sketches sketches_;
  std::list<Salt> salts_;  // last used first, at most salts_kept
};

}  // namespace gigahop::sampler
