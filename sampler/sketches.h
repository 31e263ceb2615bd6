/// What the rows around a seed offer it as two-step candidates, for seeds that share priorities (COORDINATED).
///
/// The idea (bottom-k sketches; Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007): the K-1
/// lowest of the two-step ends of a seed are among the K-1 lowest of each of its neighbours. So a long row is
/// represented by its sketch, the K-1 lowest priorities per salt and group. A short row is read whole: its list serves
/// all salts and groups, and an owned one is there already. What is not there (sketches of a new salt, rows of other
/// ranks) is made or fetched for the first batch that needs it and kept as far as the budget goes, then for a batch.
/// A sketch holds priorities alone: ids are recovered from them (sampler/priority.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/loader.h"
#include "sampler/lowest.h"
#include "sampler/priority.h"
#include "sampler/ragged_exchange.h"
#include "sampler/row_lists.h"

namespace gigahop::sampler {

/// The longest row that is read whole. Up to some length reading ids costs no more than finding a sketch.
constexpr int64_t longest_short_row(int64_t sample_size) {
  constexpr int64_t kAsFastAsASketch = 64;
  return std::max(sample_size - 1, kAsFastAsASketch);
}

/// The bytes of lists that a rank keeps for the seeds of one salt, whatever the budget.
struct KeptLists {
  int64_t short_rows_bytes = 0;  // of other ranks' rows; they serve all salts
  int64_t sketches_bytes = 0;    // of this salt
};

/// By expectation, where each of these seeds of this rank is served with this probability (0 to 1): of g groups a row
/// with n seeds around it has g (1 - (1 - probability / g)^n) lists. How many seeds of other ranks lie around an owned
/// row follows from those of this one; in a directed graph it does not, and the row counts in all groups. Pure.
/// Cost: O(owned + halo + edges).
KeptLists expect_lists(const graph::LocalGraph& graph, const LoaderOptions& options, std::span<const LocalId> seeds,
                       double probability);

/// The sketches of one salt.
struct SaltSketches {
  explicit SaltSketches(ListBudget& budget) : lists(budget) {}

  std::vector<PriorityKey> keys;  // [groups] of two-step candidates
  RowLists lists;                 // by row and group
};

class Sketches {
 public:
  /// original_ids: by row, halo included. Graph and ids must outlive it.
  Sketches(const graph::LocalGraph& graph, std::span<const OriginalId> original_ids, const LoaderOptions& options);

  /// Of all that is kept, for all salts.
  ListBudget& budget() { return budget_; }

  /// Adds the candidates of these neighbours of a seed of the group; false, with some of them added, where a list is
  /// not there. May run in many threads.
  bool merge(const SaltSketches& salt, int64_t group, std::span<const LocalId> neighbours, Lowest& lowest) const;

  /// Asks for the list of a neighbour where it is not there; false, and nothing asked, where a round has no room left.
  bool want(SaltSketches& salt, int64_t group, LocalId neighbour);
  /// Makes and fetches what was asked for. Collective; the same salt on all ranks.
  /// Cost: the lengths of the long rows wanted here, and of those wanted elsewhere and not kept here; on more than one
  /// rank two all_to_all of the requests, 8 bytes each, and one ragged exchange of the lists.
  void make_wanted(const comm::Communicator& comm, SaltSketches& salt);
  /// Forgets what the budget did not allow to keep.
  void end_round() { passing_.clear(); }

 private:
  struct Wanted {
    LocalId row;
    int64_t group;  // 0 for a short row
    uint64_t* list;
  };
  bool is_owned(LocalId row) const { return row.value < num_owned_; }
  int64_t degree(LocalId row) const;
  int64_t length(int64_t degree) const { return degree > longest_short_ ? sketch_length_ : degree; }
  const uint64_t* find(const RowLists& kept, uint64_t key) const;
  bool merge_piece(const SaltSketches& salt, int64_t group, std::span<const LocalId> neighbours, Lowest& lowest) const;
  void prefetch_short(LocalId row) const;
  bool add_short_rows(std::span<const LocalId> rows, PriorityKey key, Lowest& lowest) const;
  std::span<const uint64_t> sketch_of(LocalId row, PriorityKey key, Lowest& lowest) const;
  void keep_asked(const RaggedPlan& plan, SaltSketches& salt);
  RaggedPlan plan_fetch(const comm::Communicator& comm) const;
  void fetch(const comm::Communicator& comm, const RaggedPlan& plan, const SaltSketches& salt);

  const graph::LocalGraph& graph_;
  std::span<const OriginalId> original_ids_;
  int64_t num_owned_;
  int64_t sketch_length_;  // K - 1
  int64_t longest_short_;
  int num_threads_;
  int64_t round_elements_;

  ListBudget budget_;
  RowLists short_rows_;  // of other ranks, original ids
  ListBudget round_budget_;
  RowLists passing_;  // lists of this round that the budget has no room for
  int64_t wanted_elements_ = 0;
  std::vector<Wanted> wanted_owned_;
  std::vector<Wanted> wanted_remote_;
};

}  // namespace gigahop::sampler
