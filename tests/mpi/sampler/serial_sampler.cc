#include "serial_sampler.h"

#include <algorithm>
#include <tuple>

#include "sampler/independent.h"
#include "sampler/priority.h"

namespace gigahop::sampler {

SerialSampler::SerialSampler(const tests::EdgeList& edges)
    : num_nodes_(edges.num_nodes),
      adjacent_(static_cast<size_t>(num_nodes_), std::vector<bool>(static_cast<size_t>(num_nodes_))) {
  for (const auto& [a, b] : edges.edges) {
    if (a != b) adjacent_[a][b] = adjacent_[b][a] = true;
  }
}

std::vector<int64_t> SerialSampler::one_step(int64_t seed) const {
  std::vector<int64_t> nodes;
  for (int64_t v = 0; v < num_nodes_; ++v) {
    if (adjacent_[seed][v]) nodes.push_back(v);
  }
  return nodes;
}

std::vector<int64_t> SerialSampler::two_steps(int64_t seed) const {
  std::vector<int64_t> nodes;
  for (int64_t v = 0; v < num_nodes_; ++v) {
    bool reached = false;
    for (int64_t between = 0; between < num_nodes_; ++between) {
      reached = reached || (adjacent_[seed][between] && adjacent_[between][v]);
    }
    if (reached) nodes.push_back(v);
  }
  return nodes;
}

std::map<int64_t, int> SerialSampler::counts(int64_t seed, int64_t salt, const LoaderOptions& options) const {
  const auto wanted = static_cast<size_t>(options.sample_size - 1);
  const bool coordinated = options.sampling == Sampling::kCoordinated;
  std::map<int64_t, int> counts = {{seed, 1}};
  std::vector<std::tuple<uint64_t, List, int64_t>> candidates;
  const auto add = [&](List list, const std::vector<int64_t>& nodes) {
    const PriorityKey key =
        coordinated ? shared_key(options.key, salt,
                                 group_of_seed(options.key, salt, OriginalId(seed), options.num_groups), list)
                    : key_of_seed(options.key, salt, list, OriginalId(seed));
    for (const int64_t v : nodes) candidates.emplace_back(priority(key, OriginalId(v)), list, v);
  };
  add(List::kNeighbours, one_step(seed));
  add(List::kTwoSteps, two_steps(seed));
  if (candidates.empty() && options.isolated == Isolated::kSelf) {
    counts[seed] += static_cast<int>(wanted);
    return counts;
  }
  if (candidates.empty() && !coordinated) {
    // Uniformity of these draws has a test of its own.
    std::vector<OriginalId> sequence(wanted);
    draw_from_whole_graph(options.key, salt, OriginalId(seed), num_nodes_, sequence);
    for (const OriginalId id : sequence) ++counts[id.value];
    return counts;
  }
  if (candidates.empty()) {
    std::vector<int64_t> all(static_cast<size_t>(num_nodes_));
    for (int64_t v = 0; v < num_nodes_; ++v) all[v] = v;
    add(List::kWholeGraph, all);
  }
  std::sort(candidates.begin(), candidates.end());
  for (size_t i = 0; i < wanted; ++i) ++counts[std::get<2>(candidates[i % std::min(candidates.size(), wanted)])];
  return counts;
}

}  // namespace gigahop::sampler
