#include "base/processors.h"

#include <hwloc.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>

namespace gigahop {
namespace {

using Topology = std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)>;
using Bitmap = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

/// Null where hwloc does not find its way on this machine.
Topology load_topology(const std::string& synthetic = "") {
  ::setenv("HWLOC_HIDE_ERRORS", "2", 0);  // what it misses in containers is said by no rank
  hwloc_topology_t made = nullptr;
  if (hwloc_topology_init(&made) != 0) return {nullptr, &hwloc_topology_destroy};
  Topology topology(made, &hwloc_topology_destroy);
  const bool is_known = synthetic.empty() || hwloc_topology_set_synthetic(made, synthetic.c_str()) == 0;
  if (!is_known || hwloc_topology_load(made) != 0) topology.reset();
  return topology;
}

/// Those of a core stand together.
Processors in_order_of_cores(hwloc_topology_t topology, hwloc_const_bitmap_t set) {
  Processors processors;
  hwloc_obj_t unit = nullptr;
  while ((unit = hwloc_get_next_obj_inside_cpuset_by_type(topology, set, HWLOC_OBJ_PU, unit)) != nullptr) {
    processors.push_back(static_cast<int32_t>(unit->os_index));
  }
  return processors;
}

/// The processors of a rank in order of NUMA node, and whether several nodes have some.
struct Spread {
  Processors processors;
  bool over_several_nodes = false;
};

Spread in_order_of_nodes(const std::vector<Processors>& nodes, const Processors& bound) {
  Spread spread;
  int num_nodes = 0;
  for (const Processors& node : nodes) {
    const size_t before = spread.processors.size();
    std::ranges::copy_if(node, std::back_inserter(spread.processors),
                         [&](int32_t id) { return std::ranges::binary_search(bound, id); });
    if (spread.processors.size() > before) ++num_nodes;
  }
  spread.over_several_nodes = num_nodes > 1;
  return spread;
}

/// The processors of rank `index` of `num_ranks` that share these: a run of consecutive ones, at least one.
Processors share_of(const Processors& processors, size_t index, size_t num_ranks) {
  const size_t begin = index * processors.size() / num_ranks;
  const size_t end = std::max(begin + 1, (index + 1) * processors.size() / num_ranks);
  Processors share(processors.begin() + static_cast<int64_t>(begin), processors.begin() + static_cast<int64_t>(end));
  std::ranges::sort(share);
  return share;
}

void count_threads(std::vector<Placement>& placements) {
  std::map<int32_t, int> num_users;
  for (const Placement& placement : placements) {
    for (const int32_t id : placement.processors) ++num_users[id];
  }
  for (Placement& placement : placements) {
    double share = 0;
    for (const int32_t id : placement.processors) share += 1.0 / num_users[id];
    constexpr double kRounding = 1e-6;
    placement.num_threads = std::max(1, static_cast<int>(share + kRounding));
  }
}

}  // namespace

std::vector<Processors> numa_nodes(const std::string& synthetic) {
  const Topology topology = load_topology(synthetic);
  if (topology == nullptr) return {};
  // What no node has had yet: nodes of memory alone share their processors with others.
  const Bitmap left(hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology.get())), &hwloc_bitmap_free);
  const Bitmap usable(hwloc_bitmap_alloc(), &hwloc_bitmap_free);
  std::vector<Processors> nodes;
  for (hwloc_obj_t node = nullptr;
       (node = hwloc_get_next_obj_by_type(topology.get(), HWLOC_OBJ_NUMANODE, node)) != nullptr;) {
    hwloc_bitmap_and(usable.get(), node->cpuset, left.get());
    hwloc_bitmap_andnot(left.get(), left.get(), node->cpuset);
    if (hwloc_bitmap_iszero(usable.get()) == 0) nodes.push_back(in_order_of_cores(topology.get(), usable.get()));
  }
  return nodes;
}

Processors bound_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return {};
  Processors processors;
  for (int id = 0; id < CPU_SETSIZE; ++id) {
    if (CPU_ISSET(id, &set)) processors.push_back(id);
  }
  return processors;
}

bool bind_to(const Processors& processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int32_t id : processors) {
    if (id < CPU_SETSIZE) CPU_SET(id, &set);
  }
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

std::vector<Placement> place_ranks(const std::vector<Processors>& nodes, const std::vector<Processors>& bound) {
  Processors all;
  for (const Processors& node : nodes) all.insert(all.end(), node.begin(), node.end());
  std::ranges::sort(all);
  std::map<Processors, std::vector<size_t>> ranks_of;  // by what they are bound to
  for (size_t rank = 0; rank < bound.size(); ++rank) {
    ranks_of[bound[rank].empty() ? all : bound[rank]].push_back(rank);
  }
  std::vector<Placement> placements(bound.size());
  for (const auto& [processors, ranks] : ranks_of) {
    const Spread spread = in_order_of_nodes(nodes, processors);
    const bool divide = spread.over_several_nodes && ranks.size() > 1;
    for (size_t index = 0; index < ranks.size(); ++index) {
      placements[ranks[index]] = {.processors = divide ? share_of(spread.processors, index, ranks.size()) : processors,
                                  .is_new = divide};
    }
  }
  count_threads(placements);
  return placements;
}

}  // namespace gigahop
