#include "sampler/independent.h"

#include <algorithm>

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
    : graph_(graph), options_(options), max_length_(options.sample_size - 1), rows_(learn_rows(graph, comm)) {}

void IndependentSampler::load(const Progress& progress, int64_t b, Lowest& lowest) const {
  lowest.clear();
  lowest.add_ascending({progress.priorities.data() + b * max_length_, static_cast<size_t>(progress.found[b])});
  if (progress.found[b] == max_length_) lowest.bound_by(progress.priorities[(b + 1) * max_length_ - 1]);
}

void IndependentSampler::store(Lowest& lowest, int64_t b, Progress& progress) const {
  const auto best = lowest.result();
  progress.found[b] = static_cast<int64_t>(best.size());
  std::ranges::copy(best, progress.priorities.begin() + b * max_length_);
}

IndependentSampler::Progress IndependentSampler::walk_owned_rows(int64_t salt, std::span<const LocalId> seeds) const {
  const auto num_seeds = static_cast<int64_t>(seeds.size());
  Progress progress;
  progress.keys.resize(seeds.size());
  progress.found.resize(seeds.size());
  progress.priorities.resize(static_cast<size_t>(num_seeds * max_length_));
  const auto edges = graph_.edges();
  const auto num_owned = static_cast<int32_t>(graph_.num_owned());
#pragma omp parallel num_threads(options_.num_threads)
  {
    Lowest lowest(max_length_);
#pragma omp for schedule(dynamic, 4)
    for (int64_t b = 0; b < num_seeds; ++b) {
      const PriorityKey key = key_of_seed(options_.key, salt, List::kTwoSteps, rows_.original_ids[seeds[b].value]);
      progress.keys[b] = key;
      lowest.clear();
      for (const LocalId neighbour : edges.neighbours(seeds[b].value)) {
        if (neighbour.value >= num_owned) continue;
        add_rows(edges.neighbours(neighbour.value), rows_.original_ids, key, lowest);
      }
      store(lowest, b, progress);
    }
  }
  return progress;
}

void IndependentSampler::walk_remote_rows(const comm::Communicator& comm, std::span<const LocalId> seeds,
                                          Progress& progress) {
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
      owner_ranks.push_back(rows_.halo_ranks[halo]);
      owner_rows.push_back(rows_.halo_owner_rows[halo]);
      lengths.push_back(rows_.halo_degrees[halo]);
    }
  }
  const RaggedPlan plan = plan_ragged(
      comm::plan_rows(comm, owner_ranks, owner_rows), [&](int64_t row) { return edges.degree(row); },
      [&](int64_t place) { return lengths[place]; });

  std::vector<std::span<const OriginalId>> arrived(lengths.size());
  std::vector<int64_t> places_arrived;
  const auto pack = [&](int64_t row, int64_t begin, std::span<OriginalId> out) {
    const auto columns = edges.neighbours(row).subspan(static_cast<size_t>(begin), out.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = rows_.original_ids[columns[i].value];
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
        load(progress, b, lowest);
        for (const LocalId neighbour : edges.neighbours(seeds[b].value)) {
          if (neighbour.value < num_owned) continue;
          add_nodes(arrived[place_of_halo[neighbour.value - num_owned]], progress.keys[b], lowest);
        }
        store(lowest, b, progress);
      }
    }
    for (const int64_t place : places_arrived) arrived[place] = {};
    places_arrived.clear();
  };
  run_ragged<OriginalId>(comm, plan, options_.round_elements, pack, take, end_of_round);
}

SampleLists IndependentSampler::sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds) {
  Progress two_steps = walk_owned_rows(salt, seeds);
  if (comm.size() > 1) walk_remote_rows(comm, seeds, two_steps);

  const auto edges = graph_.edges();
  const auto num_seeds = static_cast<int64_t>(seeds.size());
  ListBuffer lists(num_seeds, options_.sample_size);
#pragma omp parallel num_threads(options_.num_threads)
  {
    Lowest one_step(max_length_);
    std::vector<OriginalId> sequence(static_cast<size_t>(max_length_));
#pragma omp for schedule(dynamic, 16)
    for (int64_t b = 0; b < num_seeds; ++b) {
      const OriginalId seed = rows_.original_ids[seeds[b].value];
      const auto neighbours = edges.neighbours(seeds[b].value);
      if (!neighbours.empty()) {
        const PriorityKey key = key_of_seed(options_.key, salt, List::kNeighbours, seed);
        one_step.clear();
        add_rows(neighbours, rows_.original_ids, key, one_step);
        const std::span<const uint64_t> best(two_steps.priorities.data() + b * max_length_,
                                             static_cast<size_t>(two_steps.found[b]));
        fill_sequence(one_step.result(), key, best, two_steps.keys[b], sequence);
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
