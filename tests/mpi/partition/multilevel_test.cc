// The phases of multilevel partitioning, each against what a serial count over the whole edge list says.
#include "partition/multilevel/multilevel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "comm/collectives.h"
#include "comm/communicator.h"
#include "mpi/partition/shared_folder.h"
#include "mpi/partition/spread.h"
#include "partition/constraints.h"
#include "partition/multilevel/balance.h"
#include "partition/multilevel/cluster.h"
#include "partition/multilevel/coarsest.h"
#include "partition/multilevel/contract.h"
#include "partition/multilevel/isolated.h"
#include "partition/multilevel/refine_by_jet.h"
#include "partition/multilevel/refine_by_labels.h"
#include "support/tiny_graphs.h"

namespace gigahop::partition {
namespace {

std::vector<EdgeList> graphs() {
  return {tests::path(400),
          tests::star(120),
          tests::power_law(400, 5, 3),
          communities(900, 6, 12),
          tests::two_triangles_and_isolated(),
          EdgeList{.num_nodes = 3, .edges = {}}};
}

TEST(Constraints, are_the_nodes_and_what_else_is_asked_for) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, communities(90, 6, 4));
  std::vector<Split> splits;
  for (int64_t row = 0; row < spread.graph.num_owned(); ++row) {
    splits.push_back(spread.graph.node(comm.rank(), row) % 2 == 0 ? Split::kTrain : Split::kTest);
  }
  const auto count = [&](Balance balance) {
    return constraint_weights_of_block(comm, spread.graph, splits, 4, balance).num_constraints;
  };
  EXPECT_EQ(count(Balance::kNodes), 1);
  EXPECT_EQ(count(Balance::kTraining), 3);
  EXPECT_EQ(count(Balance::kEvaluation), 4);
}

TEST(Clustering, keeps_every_cluster_within_its_bound) {
  const comm::Communicator comm = tests::quiet_world();
  for (const EdgeList& edges : graphs()) {
    const Spread spread(comm, edges);
    const ClusterOptions options{.max_weights = {6, 60, 4}, .seed = 3};
    const std::vector<int64_t> clusters = whole<int64_t>(comm, cluster_nodes(comm, spread.view(), options));
    std::vector<std::vector<int64_t>> loads(spread.rows.size(), std::vector<int64_t>(4));
    for (size_t node = 0; node < clusters.size(); ++node) {
      EXPECT_EQ(clusters[node] == kNoCluster, spread.rows[node].empty());
      if (clusters[node] == kNoCluster) continue;
      auto& load = loads[static_cast<size_t>(clusters[node])];
      const int64_t own[] = {1, static_cast<int64_t>(spread.rows[node].size()),
                             third_weight(static_cast<int64_t>(node))};
      for (size_t c = 0; c < 3; ++c) load[c] += own[c];
      ++load[3];
    }
    for (const auto& load : loads) {
      if (load[3] < 2) continue;  // a node that is heavier than the bound stays alone
      for (size_t c = 0; c < 3; ++c) EXPECT_LE(load[c], options.max_weights[c]);
    }
  }
}

TEST(Contraction, keeps_weights_and_the_cut_of_every_partition) {
  const comm::Communicator comm = tests::quiet_world();
  for (const EdgeList& edges : graphs()) {
    const Spread spread(comm, edges);
    const auto clusters = cluster_nodes(comm, spread.view(), {.max_weights = {8, 80, 8}, .seed = 1});
    const Contraction contraction = contract(comm, spread.view(), clusters, 64);
    const DistributedGraph& coarse = contraction.coarse.graph;
    int64_t num_nodes = 0;
    for (size_t i = 0; i < contraction.coarse.node_weights.size(); i += 3)
      num_nodes += contraction.coarse.node_weights[i];
    const auto connected =
        std::count_if(spread.rows.begin(), spread.rows.end(), [](const auto& row) { return !row.empty(); });
    EXPECT_EQ(comm::sum_over_ranks(comm, num_nodes), connected);

    const std::vector<int32_t> coarse_parts = random_parts(comm, coarse, 3);
    const PartLimits no_limits{.num_parts = 3, .limits = {1000, 100000, 1000}};
    const PartState state(comm, contraction.coarse.view(), no_limits, coarse_parts);
    const std::vector<int32_t> all_parts = whole<int32_t>(comm, coarse_parts);
    const std::vector<int64_t> coarse_ids = whole<int64_t>(comm, contraction.coarse_ids);
    std::vector<int32_t> parts;
    for (const int64_t id : coarse_ids) parts.push_back(id == kNoCluster ? 0 : all_parts[static_cast<size_t>(id)]);
    EXPECT_EQ(state.cut(), cut_of(spread.rows, parts));
  }
}

TEST(Balancing, brings_parts_within_their_limits_from_the_worst_start) {
  const comm::Communicator comm = tests::quiet_world();
  for (const EdgeList& edges : {communities(900, 6, 12), tests::path(400)}) {
    const Spread spread(comm, edges);
    for (const int num_parts : {2, 3, 8}) {
      const PartLimits limits = spread.limits(num_parts, 0.1);
      const std::vector<int32_t> all_in_one(static_cast<size_t>(spread.graph.num_owned()), 1);
      PartState state(comm, spread.view(), limits, all_in_one);
      EXPECT_GT(state.overload(), 0);
      balance(comm, state);
      EXPECT_EQ(state.overload(), 0) << num_parts << " parts";
    }
  }
}

/// Every node of an even part has all its edges to the odd part after it.
EdgeList attracted_pairs(int64_t num_nodes) {
  EdgeList edges{.num_nodes = num_nodes, .edges = {}};
  for (int64_t node = 0; node + 1 < num_nodes; node += 2) edges.edges.push_back({node, node + 1});
  return edges;
}

TEST(Balancing, does_not_swap_nodes_between_two_overfull_parts) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, attracted_pairs(800));
  const PartLimits limits = spread.limits(8, 0.1);
  std::vector<int32_t> parts;
  for (int64_t row = 0; row < spread.graph.num_owned(); ++row) {
    parts.push_back(static_cast<int32_t>(spread.graph.node(comm.rank(), row) % 2));
  }
  PartState state(comm, spread.view(), limits, parts);
  balance(comm, state);
  EXPECT_EQ(state.overload(), 0);
}

TEST(Balancing, finds_the_only_part_with_room_among_many) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, attracted_pairs(800));
  constexpr int kParts = 400;
  PartLimits limits = spread.limits(kParts, 0.03);
  limits.limits[2] = 100;
  std::vector<int32_t> parts;
  for (int64_t row = 0; row < spread.graph.num_owned(); ++row) {
    const int64_t node = spread.graph.node(comm.rank(), row);
    // Three in the first part, one in the last; the neighbour of the third is in a part that is full.
    parts.push_back(node == 3 ? 0 : node == 799 ? 1 : static_cast<int32_t>(node / 2));
  }
  PartState state(comm, spread.view(), limits, parts);
  EXPECT_GT(state.overload(), 0);
  balance(comm, state);
  EXPECT_EQ(state.overload(), 0);
}

/// 200 of 800 nodes are heavy and stand in the first part; the second is full of light ones.
void expect_exchanges(bool (*is_heavy)(int64_t node)) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, attracted_pairs(800));
  const PartLimits limits{.num_parts = 2, .limits = {420, 1260}};
  std::vector<NodeWeight> weights;
  std::vector<int32_t> parts;
  for (int64_t row = 0; row < spread.graph.num_owned(); ++row) {
    const int64_t node = spread.graph.node(comm.rank(), row);
    weights.push_back(1);
    weights.push_back(is_heavy(node) ? 9 : 1);
    parts.push_back(is_heavy(node) || node % 10 < 3 ? 0 : 1);
  }
  PartState state(comm, {spread.graph, 2, weights}, limits, parts);
  EXPECT_GT(state.overload(), 0.4);
  balance_to_the_end(comm, state);
  EXPECT_EQ(state.overload(), 0);
}

TEST(Balancing, exchanges_nodes_where_constraints_stand_in_each_others_way) {
  expect_exchanges([](int64_t node) { return node % 4 == 0; });
}

TEST(Balancing, goes_on_to_the_end_where_one_rank_has_all_heavy_nodes) {
  expect_exchanges([](int64_t node) { return node < 200; });
}

TEST(Refinement, lowers_the_cut_and_stays_within_limits) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, communities(900, 6, 12));
  const PartLimits limits = spread.limits(6, 0.1);
  for (const bool by_jet : {false, true}) {
    PartState state(comm, spread.view(), limits, random_parts(comm, spread.graph, 6));
    balance(comm, state);
    const int64_t before = state.cut();
    if (by_jet) {
      const Quality quality = refine_by_jet(comm, state, {});
      EXPECT_EQ(quality.cut, state.cut());
      EXPECT_EQ(quality.overload, state.overload());
    } else {
      refine_by_labels(comm, state, {.seed = 1});
    }
    EXPECT_EQ(state.overload(), 0);
    EXPECT_LT(state.cut(), before / 2 + before / 4);
    EXPECT_EQ(state.cut(), cut_of(spread.rows, whole<int32_t>(comm, state.owned_parts())));
  }
}

TEST(IsolatedNodes, fill_parts_evenly) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, EdgeList{.num_nodes = 101, .edges = {{0, 1}, {1, 2}}});
  PartLimits limits = spread.limits(4, 0.03);
  limits.limits[1] = 4;  // all edges may be in one part
  std::vector<int32_t> parts(static_cast<size_t>(spread.graph.num_owned()), kNoPart);
  for (size_t row = 0; row < parts.size(); ++row) {
    if (spread.graph.degree(static_cast<int64_t>(row)) > 0) parts[row] = 2;
  }
  PartState state(comm, spread.view(), limits, parts);
  place_isolated_nodes(comm, state);
  EXPECT_EQ(state.overload(), 0);
  for (int part = 0; part < 4; ++part) EXPECT_NEAR(static_cast<double>(state.load(part, 0)), 101 / 4.0, 1.0);
}

TEST(Multilevel, gives_every_part_a_node_and_no_part_too_many_on_any_shape) {
  const comm::Communicator comm = tests::quiet_world();
  for (const EdgeList& edges : graphs()) {
    const Spread spread(comm, edges);
    for (int num_parts = 1; num_parts <= 9; ++num_parts) {
      const auto parts =
          whole<int32_t>(comm, multilevel_partition(comm, spread.graph, 3, spread.weights, options_for(num_parts)));
      std::vector<int64_t> counts(static_cast<size_t>(num_parts));
      for (const int32_t part : parts) {
        EXPECT_TRUE(part >= 0 && part < num_parts);
        if (part >= 0 && part < num_parts) ++counts[static_cast<size_t>(part)];
      }
      const int64_t num_empty = std::count(counts.begin(), counts.end(), 0);
      EXPECT_EQ(num_empty, std::max<int64_t>(0, num_parts - edges.num_nodes)) << edges.num_nodes << "/" << num_parts;
      const PartLimits limits = spread.limits(num_parts, 0.05);
      EXPECT_LE(*std::max_element(counts.begin(), counts.end()), limits.limits[0])
          << edges.num_nodes << "/" << num_parts;
    }
  }
}

TEST(Multilevel, finds_communities_again_through_several_levels) {
  const comm::Communicator comm = tests::quiet_world();
  const EdgeList edges = communities(9000, 6, 16);
  const Spread spread(comm, edges);
  std::vector<int64_t> planted(spread.rows.size());
  for (size_t node = 0; node < planted.size(); ++node) planted[node] = static_cast<int64_t>(node) % 6;
  const auto mine = multilevel_partition(comm, spread.graph, 3, spread.weights, options_for(6));
  const auto parts = whole<int32_t>(comm, mine);
  EXPECT_LE(static_cast<double>(cut_of(spread.rows, parts)), 1.01 * static_cast<double>(cut_of(spread.rows, planted)));
  const PartLimits limits = spread.limits(6, 0.05);
  EXPECT_EQ(PartState(comm, spread.view(), limits, mine).overload(), 0);
  EXPECT_EQ(whole<int32_t>(comm, multilevel_partition(comm, spread.graph, 3, spread.weights, options_for(6))), parts);
}

TEST(Multilevel, of_a_graph_that_some_ranks_hold_leaves_the_others_without_nodes) {
  const comm::Communicator comm = tests::quiet_world();
  const int num_owners = (comm.size() + 1) / 2;
  const Spread spread(comm, communities(9000, 6, 16), num_owners);
  const auto clusters = cluster_nodes(comm, spread.view(), {.max_weights = {8, 80, 8}, .seed = 1});
  EXPECT_EQ(contract(comm, spread.view(), clusters, 64).coarse.graph.blocks.num_owners(), num_owners);
  const auto mine = multilevel_partition(comm, spread.graph, 3, spread.weights, options_for(6));
  EXPECT_EQ(mine.empty(), comm.rank() >= num_owners);
  std::vector<int64_t> planted(spread.rows.size());
  for (size_t node = 0; node < planted.size(); ++node) planted[node] = static_cast<int64_t>(node) % 6;
  EXPECT_LE(static_cast<double>(cut_of(spread.rows, whole<int32_t>(comm, mine))),
            1.01 * static_cast<double>(cut_of(spread.rows, planted)));
  EXPECT_EQ(PartState(comm, spread.view(), spread.limits(6, 0.05), mine).overload(), 0);
}

TEST(Multilevel, gives_metis_the_heaviest_edges_of_a_level_that_is_too_dense) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, communities(600, 4, 20));
  const PartLimits limits = spread.limits(4, 0.1);
  const auto parts = partition_coarsest(comm, spread.view(), limits, {.seed = 1, .max_entries = 3000});
  EXPECT_EQ(static_cast<int64_t>(parts.size()), spread.graph.num_owned());
  EXPECT_EQ(PartState(comm, spread.view(), limits, parts).overload(), 0);
}

}  // namespace
}  // namespace gigahop::partition
