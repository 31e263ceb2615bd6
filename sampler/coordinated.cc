#include "sampler/coordinated.h"

#include <algorithm>

#include "base/error.h"
#include "comm/collectives.h"
#include "sampler/known_rows.h"
#include "sampler/scan.h"

namespace gigahop::sampler {

CoordinatedSampler::CoordinatedSampler(const graph::LocalGraph& graph, const comm::Communicator& comm,
                                       const LoaderOptions& options)
    : graph_(graph),
      options_(options),
      max_length_(options.sample_size - 1),
      original_ids_(learn_original_ids(graph, comm)),
      sketches_(graph, original_ids_, options) {}

std::vector<OriginalId> CoordinatedSampler::sample_whole_graph(const comm::Communicator& comm, PriorityKey key) const {
  Lowest lowest(max_length_);
  lowest.clear();
  add_nodes(graph_.original_ids(), key, lowest);
  const std::vector<uint64_t> of_all_ranks = comm::all_gather_varied(comm, lowest.result());
  lowest.clear();
  for (const uint64_t candidate : of_all_ranks) lowest.add(candidate);
  std::vector<OriginalId> sequence(static_cast<size_t>(max_length_));
  fill_sequence(lowest.result(), key, {}, {}, sequence);
  return sequence;
}

CoordinatedSampler::Salt& CoordinatedSampler::use_salt(const comm::Communicator& comm, int64_t salt) {
  const auto known = std::ranges::find(salts_, salt, &Salt::salt);
  if (known != salts_.end()) {
    salts_.splice(salts_.begin(), salts_, known);
    return salts_.front();
  }
  if (salts_.size() == static_cast<size_t>(options_.salts_kept)) salts_.pop_back();
  Salt& fresh = salts_.emplace_front(salt, options_.num_groups, sketches_.budget());
  for (int64_t group = 0; group < options_.num_groups; ++group) {
    fresh.groups[group].neighbours_key = shared_key(options_.key, salt, group, List::kNeighbours);
    fresh.sketches.keys.push_back(shared_key(options_.key, salt, group, List::kTwoSteps));
    if (options_.isolated == Isolated::kSelf) continue;
    fresh.groups[group].isolated = sample_whole_graph(comm, shared_key(options_.key, salt, group, List::kWholeGraph));
  }
  return fresh;
}

int64_t CoordinatedSampler::group_of(LocalId seed, int64_t salt) const {
  return group_of_seed(options_.key, salt, original_ids_[seed.value], options_.num_groups);
}

void CoordinatedSampler::write(const Salt& salt, int64_t b, LocalId seed, std::span<const uint64_t> two_steps,
                               Scratch& scratch, ListBuffer& lists) const {
  const int64_t group = group_of(seed, salt.salt);
  const auto neighbours = graph_.edges().neighbours(seed.value);
  if (neighbours.empty()) {
    std::ranges::fill(scratch.sequence, original_ids_[seed.value]);
    std::ranges::copy(salt.groups[group].isolated, scratch.sequence.begin());
  } else {
    const PriorityKey key = salt.groups[group].neighbours_key;
    add_first_rows(neighbours, original_ids_, key, scratch.one_step);
    fill_sequence(scratch.one_step.result(), key, two_steps, salt.sketches.keys[group], scratch.sequence);
  }
  lists.write(b, original_ids_[seed.value], scratch.sequence);
}

SampleLists CoordinatedSampler::sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds) {
  Salt& used = use_salt(comm, salt);
  const auto num_seeds = static_cast<int64_t>(seeds.size());
  ListBuffer lists(num_seeds, options_.sample_size);
  std::vector<uint8_t> waits(seeds.size());
#pragma omp parallel num_threads(options_.num_threads)
  {
    Scratch scratch(max_length_);
#pragma omp for schedule(dynamic, 16)
    for (int64_t b = 0; b < num_seeds; ++b) {
      scratch.two_steps.clear();
      const auto neighbours = graph_.edges().neighbours(seeds[b].value);
      waits[b] = sketches_.merge(used.sketches, group_of(seeds[b], salt), neighbours, scratch.two_steps) ? 0 : 1;
      if (waits[b] == 0) write(used, b, seeds[b], scratch.two_steps.result(), scratch, lists);
    }
  }
  std::vector<int64_t> waiting;
  for (int64_t b = 0; b < num_seeds; ++b) {
    if (waits[b] != 0) waiting.push_back(b);
  }
  if (comm::max_over_ranks(comm, static_cast<int64_t>(waiting.size())) > 0) {
    sample_waiting(comm, used, seeds, waiting, lists);
  }
  return lists.pack();
}

/// In rounds: so many neighbours of waiting seeds as their lists have room together, then the following ones. A seed
/// keeps its K - 1 best so far, so it may have more neighbours than a round has room for.
void CoordinatedSampler::sample_waiting(const comm::Communicator& comm, Salt& salt, std::span<const LocalId> seeds,
                                        std::span<const int64_t> waiting, ListBuffer& lists) {
  const auto num_waiting = static_cast<int64_t>(waiting.size());
  LowestOfMany two_steps(num_waiting, max_length_);
  Place begin;
  while (true) {
    const Place end = want_from(begin, salt, seeds, waiting);
    sketches_.make_wanted(comm, salt.sketches);
    merge_between(begin, end, salt, seeds, waiting, two_steps);
    sketches_.end_round();
    begin = end;
    if (comm::max_over_ranks(comm, static_cast<int64_t>(waiting.size() - end.seed)) == 0) break;
  }
#pragma omp parallel num_threads(options_.num_threads)
  {
    Scratch scratch(max_length_);
#pragma omp for schedule(dynamic, 16)
    for (int64_t i = 0; i < num_waiting; ++i) {
      write(salt, waiting[i], seeds[waiting[i]], two_steps.of(i), scratch, lists);
    }
  }
}

/// Asks for lists until a round is full; where that was, or the end.
CoordinatedSampler::Place CoordinatedSampler::want_from(Place place, Salt& salt, std::span<const LocalId> seeds,
                                                        std::span<const int64_t> waiting) {
  for (; place.seed < waiting.size(); ++place.seed, place.neighbour = 0) {
    const LocalId seed = seeds[waiting[place.seed]];
    const int64_t group = group_of(seed, salt.salt);
    const auto neighbours = graph_.edges().neighbours(seed.value);
    for (; place.neighbour < neighbours.size(); ++place.neighbour) {
      if (!sketches_.want(salt.sketches, group, neighbours[place.neighbour])) return place;
    }
  }
  return place;
}

void CoordinatedSampler::merge_between(Place begin, Place end, const Salt& salt, std::span<const LocalId> seeds,
                                       std::span<const int64_t> waiting, LowestOfMany& two_steps) const {
  const auto last_seed = static_cast<int64_t>(std::min(end.seed + 1, waiting.size()));
#pragma omp parallel num_threads(options_.num_threads)
  {
    Lowest lowest(max_length_);
#pragma omp for schedule(dynamic, 4)
    for (int64_t i = static_cast<int64_t>(begin.seed); i < last_seed; ++i) {
      const LocalId seed = seeds[waiting[i]];
      const auto all = graph_.edges().neighbours(seed.value);
      const size_t first = static_cast<size_t>(i) == begin.seed ? begin.neighbour : 0;
      const size_t last = static_cast<size_t>(i) == end.seed ? end.neighbour : all.size();
      two_steps.load(i, lowest);
      const bool all_there =
          sketches_.merge(salt.sketches, group_of(seed, salt.salt), all.subspan(first, last - first), lowest);
      require(all_there, "a round has the lists that it asked for");
      two_steps.store(i, lowest);
    }
  }
}

}  // namespace gigahop::sampler
