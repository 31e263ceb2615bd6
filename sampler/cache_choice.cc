#include "sampler/cache_choice.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/random.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "sampler/access_weights.h"
#include "sampler/known_rows.h"

namespace gigahop::sampler {
namespace {

uint64_t hash_of(OriginalId id) {
  return scatter(static_cast<uint64_t>(id.value)) >> 33;
}

/// Leaves the `capacity` highest of the candidates, highest first.
void keep_highest(std::vector<Candidate>& candidates, int64_t capacity) {
  const auto higher = [](const Candidate& a, const Candidate& b) {
    return a.key != b.key ? a.key > b.key : a.id < b.id;
  };
  if (static_cast<int64_t>(candidates.size()) > capacity) {
    std::nth_element(candidates.begin(), candidates.begin() + capacity, candidates.end(), higher);
    candidates.resize(static_cast<size_t>(capacity));
  }
  std::sort(candidates.begin(), candidates.end(), higher);
}

std::vector<OriginalId> ids_of(std::span<const Candidate> candidates) {
  std::vector<OriginalId> ids;
  for (const Candidate& candidate : candidates) ids.push_back(candidate.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// Runs take_highest for every rank in turn; candidates_for(rank) is called on the other ranks.
template <class CandidatesFor>
std::vector<OriginalId> take_in_turn(const comm::Communicator& comm, int64_t capacity, CandidatesFor candidates_for) {
  const std::vector<int64_t> capacities = comm::all_gather_varied(comm, std::span<const int64_t>(&capacity, 1));
  std::vector<OriginalId> mine;
  for (int taker = 0; taker < comm.size(); ++taker) {
    std::vector<Candidate> candidates = candidates_for(taker);
    if (taker == comm.rank()) candidates.clear();
    std::vector<OriginalId> taken = take_highest(comm, taker, capacities[taker], std::move(candidates));
    if (taker == comm.rank()) mine = std::move(taken);
  }
  return mine;
}

}  // namespace

std::vector<OriginalId> take_highest(const comm::Communicator& comm, int taker, int64_t capacity,
                                     std::vector<Candidate> candidates) {
  keep_highest(candidates, capacity);
  const auto first_below = [&](uint64_t key) {
    return std::partition_point(candidates.begin(), candidates.end(), [&](const Candidate& c) { return c.key >= key; });
  };
  // The least key that at most `capacity` candidates of all ranks reach.
  uint64_t low = 0;
  uint64_t high = std::numeric_limits<uint64_t>::max();
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const int64_t reaching = comm::sum_over_ranks(comm, static_cast<int64_t>(first_below(middle) - candidates.begin()));
    if (reaching <= capacity) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  std::vector<std::vector<OriginalId>> messages(static_cast<size_t>(comm.size()));
  messages[taker] = ids_of(std::span(candidates.begin(), first_below(low)));
  std::vector<OriginalId> taken = comm::all_to_all(comm, messages).values;
  std::sort(taken.begin(), taken.end());
  return taken;
}

std::vector<OriginalId> choose_by_degree(const graph::LocalGraph& graph, const comm::Communicator& comm,
                                         int64_t capacity) {
  const comm::RowPlan halo = plan_halo(graph, comm);
  return take_in_turn(comm, capacity, [&](int taker) {
    constexpr uint64_t kInHalo = uint64_t{1} << 63;
    std::vector<Candidate> candidates;
    candidates.reserve(static_cast<size_t>(graph.num_owned()));
    for (int64_t row = 0; row < graph.num_owned(); ++row) {
      const OriginalId id = graph.original_ids()[row];
      candidates.push_back({static_cast<uint64_t>(graph.edges().degree(row)) << 31 | hash_of(id), id});
    }
    for (const int64_t row : halo.send_rows[taker]) candidates[row].key |= kInHalo;
    return candidates;
  });
}

std::vector<OriginalId> choose_by_weight(const graph::LocalGraph& graph, const comm::Communicator& comm,
                                         std::span<const LocalId> seeds, int64_t sample_size, int64_t capacity) {
  const AccessWeights weights(graph, comm, seeds, sample_size);
  return take_in_turn(comm, capacity, [&](int taker) {
    const std::vector<float> of_taker = weights.of_rank(comm, taker);
    std::vector<Candidate> candidates;
    for (int64_t row = 0; row < graph.num_owned(); ++row) {
      if (of_taker[row] == 0) continue;
      const OriginalId id = graph.original_ids()[row];
      // Floats above 0 ascend like their bits.
      candidates.push_back({static_cast<uint64_t>(std::bit_cast<uint32_t>(of_taker[row])) << 31 | hash_of(id), id});
    }
    return candidates;
  });
}

void AccessCounts::add(std::span<const OriginalId> ids, std::span<const Location> where, int rank) {
  make_room(ids.size());
  for (size_t u = 0; u < ids.size(); ++u) {
    if (where[u].rank != rank) counts_.push_back({ids[u], 1});
  }
}

void AccessCounts::add_kept(std::span<const OriginalId> ids) {
  make_room(ids.size());
  for (const OriginalId id : ids) counts_.push_back({id, 0});
}

/// A vector that grew by itself would hold up to four times what is distinct, and half as much again as it moves.
void AccessCounts::make_room(size_t num_more) {
  if (counts_.size() + num_more <= counts_.capacity()) return;
  merge();
  if (2 * (counts_.size() + num_more) > counts_.capacity()) counts_.reserve(2 * (counts_.size() + num_more));
}

void AccessCounts::merge() {
  std::sort(counts_.begin(), counts_.end(), [](const Count& a, const Count& b) { return a.id < b.id; });
  size_t kept = 0;
  for (const Count& count : counts_) {
    if (kept > 0 && counts_[kept - 1].id == count.id) {
      counts_[kept - 1].count += count.count;
    } else {
      counts_[kept++] = count;
    }
  }
  counts_.resize(kept);
}

std::vector<OriginalId> AccessCounts::choose(int64_t capacity) {
  merge();
  std::vector<Candidate> candidates;
  candidates.reserve(counts_.size());
  for (const Count& count : counts_) {
    candidates.push_back({static_cast<uint64_t>(count.count) << 31 | hash_of(count.id), count.id});
  }
  keep_highest(candidates, capacity);
  return ids_of(candidates);
}

}  // namespace gigahop::sampler
