#include "partition/multilevel/multilevel.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/progress.h"
#include "base/random.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "partition/fetch_values.h"
#include "partition/multilevel/balance.h"
#include "partition/multilevel/cluster.h"
#include "partition/multilevel/cluster_weights.h"
#include "partition/multilevel/coarsest.h"
#include "partition/multilevel/contract.h"
#include "partition/multilevel/isolated.h"
#include "partition/multilevel/place_by_neighbours.h"
#include "partition/multilevel/refine_by_jet.h"
#include "partition/multilevel/refine_by_labels.h"

namespace gigahop::partition {
namespace {

/// Coarsening ends at this many nodes for each part, but not below the least in all.
constexpr int64_t kNodesPerPart = 200;
constexpr int64_t kLeastNodes = 5000;
/// Clusters may weigh this share of the room for imbalance: of a part's on fine levels, so that many of them make up a
/// part, and of more on coarse ones, which would not shrink any further otherwise.
constexpr double kClusterShare = 0.25;
constexpr int64_t kNodesPerCluster = 2000;
/// A level that is hardly smaller than the one before is the last.
constexpr double kLeastShrinkage = 0.95;
/// Small graphs are cut several times and the best result is kept: as often as a few seconds allow.
constexpr int64_t kEntriesOfAllCycles = 2'000'000;
constexpr int64_t kMaxCycles = 2;
/// Entries of a level that is refined at leisure.
constexpr int64_t kSmallLevel = 2'000'000;
/// Cut edges for each entry of a level that is cut like a mesh.
constexpr double kLowCut = 0.05;
/// The share of the graph's entries that METIS is given.
constexpr int64_t kMetisShare = 8;
constexpr int64_t kMinMetisEntries = 1'000'000;
constexpr int64_t kMaxMetisEntries = 40'000'000;

struct Totals {
  std::vector<int64_t> weights;   // [C]
  std::vector<int64_t> heaviest;  // [C]
};

Totals add_up(const comm::Communicator& comm, const LevelView& level) {
  Totals totals;
  totals.weights.resize(static_cast<size_t>(level.num_constraints));
  totals.heaviest.resize(totals.weights.size());
  for (int64_t row = 0; row < level.graph.num_owned(); ++row) {
    const auto weights = level.weights(row);
    for (size_t c = 0; c < weights.size(); ++c) {
      totals.weights[c] += weights[c];
      totals.heaviest[c] = std::max<int64_t>(totals.heaviest[c], weights[c]);
    }
  }
  comm::all_reduce_sum(comm, std::span(totals.weights));
  comm::all_reduce_max(comm, std::span(totals.heaviest));
  return totals;
}

/// Coarser levels, finest of them first, and how nodes of each level became nodes of the next.
struct Hierarchy {
  std::vector<Level> levels;
  std::vector<std::vector<int64_t>> coarse_ids;  // [levels] of the level before

  LevelView top(const LevelView& finest) const { return levels.empty() ? finest : levels.back().view(); }
};

/// [C] what a cluster may weigh on a level of so many nodes.
std::vector<int64_t> cluster_limits(const Totals& totals, const MultilevelOptions& options, int64_t num_nodes,
                                    int num_ranks) {
  const int64_t pieces = std::min<int64_t>(options.num_parts, std::max<int64_t>(2, num_nodes / kNodesPerCluster));
  std::vector<int64_t> limits;
  for (size_t c = 0; c < totals.weights.size(); ++c) {
    const double share =
        kClusterShare * options.imbalance * static_cast<double>(totals.weights[c]) / static_cast<double>(pieces);
    limits.push_back(std::clamp<int64_t>(static_cast<int64_t>(share), 2, most_weight(num_ranks)));
  }
  return limits;
}

int64_t count_entries(const comm::Communicator& comm, const LevelView& level) {
  return comm::sum_over_ranks(comm, static_cast<int64_t>(level.graph.column_ids.size()));
}

void log_level(const comm::Communicator& comm, size_t number, int64_t num_nodes, int64_t num_entries) {
  if (comm.rank() != 0) return;
  log_debug("level {}: {} nodes, {} entries", number, with_commas(num_nodes), with_commas(num_entries));
}

Hierarchy coarsen(const comm::Communicator& comm, const LevelView& finest, const Totals& totals,
                  const MultilevelOptions& options) {
  Hierarchy hierarchy;
  const int64_t enough = std::max(kLeastNodes, kNodesPerPart * options.num_parts);
  int64_t num_nodes = comm::sum_over_ranks(comm, finest.num_connected());
  log_level(comm, 0, num_nodes, count_entries(comm, finest));
  while (num_nodes > enough) {
    const LevelView level = hierarchy.top(finest);
    const ClusterOptions cluster_options{
        .max_weights = cluster_limits(totals, options, num_nodes, comm.size()),
        .seed = random_bits({options.seed}, Purpose::kPartition, 1, hierarchy.levels.size(), 0)};
    const std::vector<int64_t> clusters = cluster_nodes(comm, level, cluster_options);
    Contraction next = contract(comm, level, clusters, options.chunk_bytes);
    const int64_t coarse_nodes = comm::sum_over_ranks(comm, next.coarse.view().num_connected());
    if (static_cast<double>(coarse_nodes) > kLeastShrinkage * static_cast<double>(num_nodes)) break;
    hierarchy.coarse_ids.push_back(std::move(next.coarse_ids));
    hierarchy.levels.push_back(std::move(next.coarse));
    num_nodes = coarse_nodes;
    log_level(comm, hierarchy.levels.size(), num_nodes, count_entries(comm, hierarchy.top(finest)));
  }
  return hierarchy;
}

/// [owned] parts of the nodes of a level from those of the next: each node has the part of its coarse node.
std::vector<int32_t> project(const comm::Communicator& comm, const NodeBlocks& coarse_blocks,
                             std::span<const int64_t> coarse_ids, std::span<const int32_t> coarse_parts) {
  std::vector<int64_t> wanted(coarse_ids.begin(), coarse_ids.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (!wanted.empty() && wanted.front() == kNoCluster) wanted.erase(wanted.begin());
  const comm::RowPlan plan = plan_fetch(comm, coarse_blocks, wanted);
  const std::vector<int32_t> wanted_parts = fetch_values(comm, plan, coarse_parts);
  std::vector<int32_t> parts;
  parts.reserve(coarse_ids.size());
  for (const int64_t id : coarse_ids) {
    parts.push_back(
        id == kNoCluster ? kNoPart : wanted_parts[std::lower_bound(wanted.begin(), wanted.end(), id) - wanted.begin()]);
  }
  return parts;
}

/// On large levels Jet ends early, unless little is cut: then most nodes are passed over, and gains are small and many.
JetOptions jet_options(int64_t num_entries, int64_t cut) {
  if (num_entries <= kSmallLevel) return {};
  if (static_cast<double>(cut) < kLowCut * static_cast<double>(num_entries)) return {.num_rounds = 1, .patience = 2};
  return {.num_rounds = 1, .patience = 1, .worthwhile = 0.01};
}

/// Balances and refines one level. Jet sees beyond single moves and does most of the work in its first iterations, more
/// of them where they are cheap; label propagation has the last word, and all of it where hubs and limits leave Jet
/// nothing to gain. What it made worse, by ranks that moved neighbours at the same time, is taken back.
void balance_and_refine(const comm::Communicator& comm, PartState& state, uint64_t seed) {
  balance(comm, state);
  const Quality by_jet = refine_by_jet(comm, state, jet_options(count_entries(comm, state.level()), state.cut()));
  const std::vector<int32_t> jet_parts(state.local_parts().begin(), state.local_parts().end());
  refine_by_labels(comm, state, {.seed = seed, .num_rounds = 3});
  const Quality by_labels = state.quality();
  if (comm.rank() == 0) log_debug("cut {} by Jet, then {} by labels", by_jet.cut, by_labels.cut);
  if (by_jet < by_labels) state.restore(jet_parts);
}

bool exceeds_first_limit(const PartState& state) {
  for (int part = 0; part < state.num_parts(); ++part) {
    if (state.excess(part, 0) > 0) return true;
  }
  return false;
}

/// On the finest level: the first constraint held at the cost of the others if need be, no part left empty.
void hold_first_limit_and_fill(const comm::Communicator& comm, PartState& state) {
  balance_to_the_end(comm, state);
  if (exceeds_first_limit(state)) {
    const PartLimits first = state.limits().of_first_constraint();
    PartState last(comm, state.level(), first, state.owned_parts());
    balance(comm, last);
    state.restore(last.local_parts());
  }
  fill_empty_parts(comm, state);
}

struct Result {
  Quality quality;
  std::vector<int32_t> parts;  // [owned]
};

/// Once down to the coarsest level and up again.
Result run_cycle(const comm::Communicator& comm, const LevelView& finest, const Totals& totals,
                 const PartLimits& limits, const MultilevelOptions& options) {
  Hierarchy hierarchy = coarsen(comm, finest, totals, options);
  const int64_t metis_entries =
      options.metis_entries > 0 ? options.metis_entries : most_metis_entries(count_entries(comm, finest));
  std::vector<int32_t> parts = partition_coarsest(comm, hierarchy.top(finest), limits, {options.seed, metis_entries});
  while (true) {
    const LevelView level = hierarchy.top(finest);
    PartState state(comm, level, limits, parts);
    balance_and_refine(comm, state, random_bits({options.seed}, Purpose::kPartition, 2, hierarchy.levels.size(), 0));
    place_isolated_nodes(comm, state);
    if (hierarchy.levels.empty()) {
      hold_first_limit_and_fill(comm, state);
      return {.quality = state.quality(), .parts = {state.owned_parts().begin(), state.owned_parts().end()}};
    }
    parts = project(comm, level.graph.blocks, hierarchy.coarse_ids.back(), state.owned_parts());
    hierarchy.levels.pop_back();
    hierarchy.coarse_ids.pop_back();
  }
}

}  // namespace

int64_t most_metis_entries(int64_t num_entries) {
  return std::clamp(num_entries / kMetisShare, kMinMetisEntries, kMaxMetisEntries);
}

std::vector<int32_t> multilevel_partition(const comm::Communicator& comm, const DistributedGraph& finest,
                                          int num_constraints, std::span<const NodeWeight> node_weights,
                                          const MultilevelOptions& options) {
  if (options.num_parts == 1) return std::vector<int32_t>(static_cast<size_t>(finest.num_owned()));
  const LevelView level{finest, num_constraints, node_weights};
  const Totals totals = add_up(comm, level);
  const PartLimits limits = part_limits(totals.weights, totals.heaviest, options.num_parts, options.imbalance);
  const int64_t entries = std::max<int64_t>(1, count_entries(comm, level));
  const int64_t num_cycles = std::clamp<int64_t>(kEntriesOfAllCycles / entries, 1, kMaxCycles);
  Result best = run_cycle(comm, level, totals, limits, options);
  for (int64_t cycle = 1; cycle < num_cycles; ++cycle) {
    MultilevelOptions again = options;
    again.seed = random_bits({options.seed}, Purpose::kPartition, 3, static_cast<uint64_t>(cycle), 0);
    Result result = run_cycle(comm, level, totals, limits, again);
    if (result.quality < best.quality) best = std::move(result);
  }
  return std::move(best.parts);
}

void refine_partition(const comm::Communicator& comm, const DistributedGraph& graph, int num_constraints,
                      std::span<const NodeWeight> node_weights, const MultilevelOptions& options,
                      std::span<int32_t> parts) {
  const LevelView level{graph, num_constraints, node_weights};
  const Totals totals = add_up(comm, level);
  const PartLimits limits = part_limits(totals.weights, totals.heaviest, options.num_parts, options.imbalance);
  PartState state(comm, level, limits, parts);
  place_by_neighbours(comm, state);
  place_isolated_nodes(comm, state);
  balance_and_refine(comm, state, random_bits({options.seed}, Purpose::kPartition, 2, 0, 0));
  hold_first_limit_and_fill(comm, state);
  std::copy(state.owned_parts().begin(), state.owned_parts().end(), parts.begin());
}

}  // namespace gigahop::partition
