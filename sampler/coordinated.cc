#include "sampler/coordinated.h"

#include <algorithm>

#include "comm/collectives.h"
#include "sampler/lowest.h"
#include "sampler/scan.h"

namespace gigahop::sampler {
namespace {

/// The lowest two-step ends of a seed from its neighbours' sketches. A full sketch bounds what can matter, so first the
/// tightest bound is found, then each sketch is read up to it.
std::span<const uint64_t> merge_sketches(std::span<const LocalId> neighbours, const SketchLayout& layout,
                                         const Sketches& sketches, Lowest& lowest) {
  lowest.clear();
  for (const LocalId neighbour : neighbours) {
    const auto sketch = sketches.of(layout, neighbour);
    if (static_cast<int64_t>(sketch.size()) == layout.max_length) lowest.bound_by(sketch.back());
  }
  for (const LocalId neighbour : neighbours) lowest.add_ascending(sketches.of(layout, neighbour));
  return lowest.result();
}

}  // namespace

CoordinatedSampler::CoordinatedSampler(const graph::LocalGraph& graph, const comm::Communicator& comm,
                                       const LoaderOptions& options)
    : graph_(graph),
      options_(options),
      rows_(learn_rows(graph, comm)),
      layout_(lay_out_sketches(graph, rows_, options.sample_size - 1)) {}

std::vector<OriginalId> CoordinatedSampler::sample_whole_graph(const comm::Communicator& comm, PriorityKey key) const {
  Lowest lowest(layout_.max_length);
  lowest.clear();
  add_nodes(graph_.original_ids(), key, lowest);
  const std::vector<uint64_t> of_all_ranks = comm::all_gather_varied(comm, lowest.result());
  lowest.clear();
  for (const uint64_t candidate : of_all_ranks) lowest.add(candidate);
  std::vector<OriginalId> sequence(static_cast<size_t>(layout_.max_length));
  fill_sequence(lowest.result(), key, {}, {}, sequence);
  return sequence;
}

CoordinatedSampler::Group CoordinatedSampler::make_group(const comm::Communicator& comm, int64_t salt,
                                                         int64_t group) const {
  Group made;
  made.neighbours_key = shared_key(options_.key, salt, group, List::kNeighbours);
  made.two_steps_key = shared_key(options_.key, salt, group, List::kTwoSteps);
  made.sketches =
      build_sketches(graph_, rows_, layout_, comm, made.two_steps_key, options_.num_threads, options_.round_elements);
  if (options_.isolated == Isolated::kRandom) {
    made.isolated = sample_whole_graph(comm, shared_key(options_.key, salt, group, List::kWholeGraph));
  }
  return made;
}

const CoordinatedSampler::Salt& CoordinatedSampler::use_salt(const comm::Communicator& comm, int64_t salt) {
  const auto known = std::ranges::find(salts_, salt, &Salt::salt);
  if (known != salts_.end()) {
    std::rotate(salts_.begin(), known, known + 1);
    return salts_.front();
  }
  if (salts_.size() == static_cast<size_t>(options_.salts_kept)) salts_.pop_back();
  Salt fresh{.salt = salt, .groups = {}};
  for (int64_t group = 0; group < options_.num_groups; ++group) fresh.groups.push_back(make_group(comm, salt, group));
  salts_.insert(salts_.begin(), std::move(fresh));
  return salts_.front();
}

SampleLists CoordinatedSampler::sample(const comm::Communicator& comm, int64_t salt, std::span<const LocalId> seeds) {
  const std::vector<Group>& groups = use_salt(comm, salt).groups;
  const auto edges = graph_.edges();
  const auto num_seeds = static_cast<int64_t>(seeds.size());
  ListBuffer lists(num_seeds, options_.sample_size);
#pragma omp parallel num_threads(options_.num_threads)
  {
    Lowest one_step(layout_.max_length);
    Lowest two_steps(layout_.max_length);
    std::vector<OriginalId> sequence(static_cast<size_t>(layout_.max_length));
#pragma omp for schedule(dynamic, 16)
    for (int64_t b = 0; b < num_seeds; ++b) {
      const OriginalId seed = rows_.original_ids[seeds[b].value];
      const Group& group = groups[group_of_seed(options_.key, salt, seed, options_.num_groups)];
      const auto neighbours = edges.neighbours(seeds[b].value);
      if (neighbours.empty()) {
        std::ranges::fill(sequence, seed);
        std::ranges::copy(group.isolated, sequence.begin());
      } else {
        one_step.clear();
        add_rows(neighbours, rows_.original_ids, group.neighbours_key, one_step);
        fill_sequence(one_step.result(), group.neighbours_key,
                      merge_sketches(neighbours, layout_, group.sketches, two_steps), group.two_steps_key, sequence);
      }
      lists.write(b, seed, sequence);
    }
  }
  return lists.pack();
}

}  // namespace gigahop::sampler
