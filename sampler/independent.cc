#include "sampler/independent.h"

#include <algorithm>

#include "sampler/known_rows.h"
#include "sampler/ragged_exchange.h"
#include "sampler/scan.h"

namespace gigahop::sampler {
namespace {

__extension__ using UInt128 = unsigned __int128;

/// Uniform in [0, bound) from a stream of draws (Lemire, "Fast random integer generation in an interval", 2019).
class BoundedDraws {
 public:
  BoundedDraws(RandomKey key, int64_t salt, OriginalId seed, int64_t bound)
      : key_(key),
        salt_(static_cast<uint64_t>(salt)),
        id_(static_cast<uint64_t>(seed.value)),
        bound_(static_cast<uint64_t>(bound)) {}

  int64_t next() {
    const uint64_t lowest_fair = (0 - bound_) % bound_;
    while (true) {
      const UInt128 product = static_cast<UInt128>(random_bits(key_, Purpose::kIsolated, salt_, id_, draw_++)) * bound_;
      if (static_cast<uint64_t>(product) >= lowest_fair) return static_cast<int64_t>(product >> 64);
    }
  }

 private:
  RandomKey key_;
  uint64_t salt_, id_, bound_;
  uint32_t draw_ = 0;
};

}  // namespace

void draw_from_whole_graph(RandomKey key, int64_t salt, OriginalId seed, int64_t num_nodes,
                           std::span<OriginalId> sequence) {
  // Where repeats would be frequent, the graph is so small that all its nodes can be ordered.
  if (num_nodes < 2 * static_cast<int64_t>(sequence.size())) {
    const PriorityKey order = key_of_seed(key, salt, List::kWholeGraph, seed);
    Lowest lowest(static_cast<int64_t>(sequence.size()));
    for (int64_t node = 0; node < num_nodes; ++node) lowest.add(priority(order, OriginalId(node)));
    fill_sequence(lowest.result(), order, {}, {}, sequence);
    return;
  }
  BoundedDraws draws(key, salt, seed, num_nodes);
  for (auto end = sequence.begin(); end != sequence.end();) {
    const OriginalId id(draws.next());
    const auto place = std::lower_bound(sequence.begin(), end, id);
    if (place != end && *place == id) continue;
    std::move_backward(place, end, end + 1);
    *place = id;
    ++end;
  }
}

IndependentSampler::IndependentSampler(const graph::LocalGraph& graph, const comm::Communicator& comm,
                                       const LoaderOptions& options)
    : graph_(graph),
      options_(options),
      max_length_(options.sample_size - 1),
      original_ids_(learn_original_ids(graph, comm)) {}

PriorityKey IndependentSampler::two_steps_key(int64_t salt, LocalId seed) const {
  return key_of_seed(options_.key, salt, List::kTwoSteps, original_ids_[seed.value]);
}

LocalId IndependentSampler::longest_owned_row(std::span<const LocalId> rows) const {
  LocalId longest(-1);
  int64_t longest_degree = -1;
  for (const LocalId row : rows) {
    if (row.value >= graph_.num_owned() || graph_.edges().degree(row.value) <= longest_degree) continue;
    longest = row;
    longest_degree = graph_.edges().degree(row.value);
  }
  return longest;
}

void IndependentSampler::walk_owned_rows(int64_t salt, std::span<const LocalId> seeds, LowestOfMany& two_steps) const {
  const auto num_seeds = static_cast<int64_t>(seeds.size());
  const auto edges = graph_.edges();
  const auto num_owned = static_cast<int32_t>(graph_.num_owned());
#pragma omp parallel num_threads(options_.num_threads)
  {
    Lowest lowest(max_length_);
#pragma omp for schedule(dynamic, 4)
    for (int64_t b = 0; b < num_seeds; ++b) {
      const PriorityKey key = two_steps_key(salt, seeds[b]);
      // The longest row first: it bounds what the others can add.
      const auto neighbours = edges.neighbours(seeds[b].value);
      const LocalId longest = longest_owned_row(neighbours);
      lowest.clear();
      if (longest.value >= 0) add_first_rows(edges.neighbours(longest.value), original_ids_, key, lowest);
      for (const LocalId neighbour : neighbours) {
        if (neighbour.value >= num_owned || neighbour == longest) continue;
        add_rows(edges.neighbours(neighbour.value), original_ids_, key, lowest);
      }
      two_steps.store(b, lowest);
    }
  }
}

void IndependentSampler::walk_remote_rows(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds,
                                          LowestOfMany& two_steps) const {
  const auto edges = graph_.edges();
  const int64_t num_owned = graph_.num_owned();
  std::vector<int32_t> place_of_halo(static_cast<size_t>(graph_.num_halo()), -1);
  std::vector<int32_t> owner_ranks;
  std::vector<int64_t> owner_rows;
  std::vector<int64_t> lengths;
  for (const LocalId seed : seeds) {
    for (const LocalId neighbour : edges.neighbours(seed.value)) {
      const int64_t halo = neighbour.value - num_owned;
      if (halo < 0 || place_of_halo[halo] >= 0) continue;
      place_of_halo[halo] = static_cast<int32_t>(lengths.size());
      owner_ranks.push_back(graph_.rank_of(graph_.halo_ids()[halo]));
      owner_rows.push_back(graph_.row_on_owner(graph_.halo_ids()[halo]));
      lengths.push_back(graph_.halo_degrees()[halo]);
    }
  }
  const RaggedPlan plan = plan_ragged(
      comm::plan_rows(comm, owner_ranks, owner_rows), [&](int64_t row) { return edges.degree(row); },
      [&](int64_t place) { return lengths[place]; });

  std::vector<std::span<const OriginalId>> arrived(lengths.size());
  std::vector<int64_t> places_arrived;
  const auto pack = [&](int64_t row, int64_t begin, std::span<OriginalId> out) {
    const auto columns = edges.neighbours(row).subspan(static_cast<size_t>(begin), out.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = original_ids_[columns[i].value];
  };
  const auto take = [&](int64_t place, int64_t, std::span<const OriginalId> ends) {
    arrived[place] = ends;
    places_arrived.push_back(place);
  };
  const auto end_of_round = [&] {
    const auto num_seeds = static_cast<int64_t>(seeds.size());
#pragma omp parallel num_threads(options_.num_threads)
    {
      Lowest lowest(max_length_);
#pragma omp for schedule(dynamic, 4)
      for (int64_t b = 0; b < num_seeds; ++b) {
        const PriorityKey key = two_steps_key(salt, seeds[b]);
        two_steps.load(b, lowest);
        for (const LocalId neighbour : edges.neighbours(seeds[b].value)) {
          if (neighbour.value < num_owned) continue;
          add_nodes(arrived[place_of_halo[neighbour.value - num_owned]], key, lowest);
        }
        two_steps.store(b, lowest);
      }
    }
    for (const int64_t place : places_arrived) arrived[place] = {};
    places_arrived.clear();
  };
  run_ragged<OriginalId>(comm, plan, options_.round_elements, pack, take, end_of_round);
}

SampleLists IndependentSampler::sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds) {
  const auto edges = graph_.edges();
  const auto num_seeds = static_cast<int64_t>(seeds.size());
  LowestOfMany two_steps(num_seeds, max_length_);
  walk_owned_rows(salt, seeds, two_steps);
  if (comm.size() > 1) walk_remote_rows(comm, salt, seeds, two_steps);

  ListBuffer lists(num_seeds, options_.sample_size);
#pragma omp parallel num_threads(options_.num_threads)
  {
    Lowest one_step(max_length_);
    std::vector<OriginalId> sequence(static_cast<size_t>(max_length_));
#pragma omp for schedule(dynamic, 16)
    for (int64_t b = 0; b < num_seeds; ++b) {
      const OriginalId seed = original_ids_[seeds[b].value];
      const auto neighbours = edges.neighbours(seeds[b].value);
      if (!neighbours.empty()) {
        const PriorityKey key = key_of_seed(options_.key, salt, List::kNeighbours, seed);
        add_first_rows(neighbours, original_ids_, key, one_step);
        fill_sequence(one_step.result(), key, two_steps.of(b), two_steps_key(salt, seeds[b]), sequence);
      } else if (options_.isolated == Isolated::kRandom) {
        draw_from_whole_graph(options_.key, salt, seed, graph_.map().num_nodes(), sequence);
      } else {
        std::ranges::fill(sequence, seed);
      }
      lists.write(b, seed, sequence);
    }
  }
  return lists.pack();
}

}  // namespace gigahop::sampler
