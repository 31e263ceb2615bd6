// METIS with its failures repaired: every part a node, every limit kept, on graphs where METIS alone does neither.
#include "partition/serial_partition.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/stop_signal.h"
#include "partition/constraints.h"
#include "partition/metis_call.h"
#include "partition/rebalance.h"
#include "support/tiny_graphs.h"

namespace gigahop::partition {
namespace {

constexpr double kImbalance = 0.03;

SerialGraph serial_graph(const tests::EdgeList& edges) {
  SerialGraph graph;
  for (const auto& row : tests::adjacency(edges, tests::Direction::kSymmetrised)) {
    for (const int64_t column : row) graph.column_ids.push_back(static_cast<int32_t>(column));
    graph.row_offsets.push_back(static_cast<int32_t>(graph.column_ids.size()));
  }
  graph.node_weights.assign(static_cast<size_t>(edges.num_nodes), 1);
  return graph;
}

/// Of the whole graph.
ConstraintWeights weights_of(const SerialGraph& graph, const std::vector<Split>& splits, int num_parts,
                             Balance balance = Balance::kTraining) {
  const std::vector<int64_t> row_offsets(graph.row_offsets.begin(), graph.row_offsets.end());
  const auto is_evaluated = [](Split split) { return split == Split::kValid || split == Split::kTest; };
  ConstraintTotals totals{.num_entries = row_offsets.back(),
                          .num_train = std::count(splits.begin(), splits.end(), Split::kTrain)};
  if (balance == Balance::kEvaluation) {
    totals.num_evaluation = std::count_if(splits.begin(), splits.end(), is_evaluated);
  }
  return constraint_weights(row_offsets, splits, totals, num_parts);
}

/// The three constraints of partitioning, every fourth node in training.
SerialGraph constrained_graph(const tests::EdgeList& edges, int num_parts) {
  SerialGraph graph = serial_graph(edges);
  std::vector<Split> splits(static_cast<size_t>(edges.num_nodes));
  for (size_t node = 0; node < splits.size(); node += 4) splits[node] = Split::kTrain;
  const ConstraintWeights constraints = weights_of(graph, splits, num_parts);
  graph.num_constraints = constraints.num_constraints;
  graph.node_weights.assign(constraints.weights.begin(), constraints.weights.end());
  return graph;
}

std::vector<int32_t> parts_of(const SerialGraph& graph, int num_parts, uint64_t seed) {
  return partition_serially(graph, graph.limits(num_parts, kImbalance), seed);
}

int64_t num_empty(const std::vector<int32_t>& parts, int num_parts) {
  std::vector<int64_t> counts(static_cast<size_t>(num_parts));
  for (const int32_t part : parts) ++counts[static_cast<size_t>(part)];
  return std::count(counts.begin(), counts.end(), 0);
}

TEST(SerialPartition, gives_every_part_a_node_on_any_shape) {
  const tests::EdgeList isolated{.num_nodes = 50, .edges = {}};
  for (const auto& edges : {tests::path(17), tests::star(60), tests::complete(20), tests::two_triangles_and_isolated(),
                            tests::power_law(300, 5, 1), isolated}) {
    for (int num_parts = 1; num_parts <= 8; ++num_parts) {
      const SerialGraph graph = constrained_graph(edges, num_parts);
      const std::vector<int32_t> parts = parts_of(graph, num_parts, 1);
      ASSERT_EQ(static_cast<int64_t>(parts.size()), edges.num_nodes);
      EXPECT_EQ(num_empty(parts, num_parts), std::max<int64_t>(0, num_parts - edges.num_nodes));
      const PartLoads loads(graph, graph.limits(num_parts, kImbalance), parts);
      const int64_t most = *std::max_element(loads.counts.begin(), loads.counts.end());
      EXPECT_LE(most, std::max<int64_t>(loads.limits[0], 1)) << edges.num_nodes << " nodes, " << num_parts << " parts";
    }
  }
}

TEST(SerialPartition, uses_all_of_many_parts) {
  for (const int num_parts : {900, 1000}) {
    const std::vector<int32_t> parts = parts_of(serial_graph(tests::cycle(1000)), num_parts, 1);
    EXPECT_EQ(num_empty(parts, num_parts), 0);
  }
}

TEST(SerialPartition, survives_weights_that_overflow_metis) {
  SerialGraph graph = serial_graph(tests::cycle(1000));
  graph.node_weights.assign(1000, 3'000'000'000);
  const std::vector<int32_t> parts = parts_of(graph, 4, 1);
  EXPECT_LE(PartLoads(graph, graph.limits(4, kImbalance), parts).worst(), 1.0);
}

TEST(SerialPartition, survives_a_node_heavier_than_a_part) {
  SerialGraph graph = serial_graph(tests::cycle(100));
  graph.node_weights[50] = 1000;
  const std::vector<int32_t> parts = parts_of(graph, 8, 1);
  EXPECT_EQ(num_empty(parts, 8), 0);
  EXPECT_LE(PartLoads(graph, graph.limits(8, kImbalance), parts).worst(), 1.0);
}

TEST(SerialPartition, cuts_a_ring_of_cliques_between_cliques) {
  constexpr int kCliques = 4;
  constexpr int64_t kSize = 12;
  tests::EdgeList edges{.num_nodes = kCliques * kSize, .edges = {}};
  for (int64_t clique = 0; clique < kCliques; ++clique) {
    for (int64_t a = 0; a < kSize; ++a) {
      for (int64_t b = a + 1; b < kSize; ++b) edges.edges.emplace_back(clique * kSize + a, clique * kSize + b);
    }
    edges.edges.emplace_back(clique * kSize, (clique + 1) % kCliques * kSize + 1);
  }
  const std::vector<int32_t> parts = parts_of(serial_graph(edges), kCliques, 1);
  int64_t cut = 0;
  for (const auto& [a, b] : edges.edges) cut += parts[static_cast<size_t>(a)] == parts[static_cast<size_t>(b)] ? 0 : 1;
  EXPECT_EQ(cut, kCliques);
}

TEST(SerialPartition, is_the_same_every_time) {
  const SerialGraph graph = constrained_graph(tests::power_law(500, 6, 2), 7);
  EXPECT_EQ(parts_of(graph, 7, 4), parts_of(graph, 7, 4));
}

TEST(Rebalance, empties_an_overfull_part_with_everything_in_it) {
  const SerialGraph graph = constrained_graph(tests::power_law(400, 5, 3), 5);
  std::vector<int32_t> parts(400, 2);
  rebalance(graph, graph.limits(5, kImbalance), parts);
  EXPECT_EQ(num_empty(parts, 5), 0);
  EXPECT_LE(PartLoads(graph, graph.limits(5, kImbalance), parts).load(2, 0),
            PartLoads(graph, graph.limits(5, kImbalance), parts).limits[0]);
}

TEST(Rebalance, leaves_a_good_partition_alone) {
  const SerialGraph graph = serial_graph(tests::path(100));
  std::vector<int32_t> parts(100);
  for (size_t node = 0; node < parts.size(); ++node) parts[node] = static_cast<int32_t>(node / 25);
  const std::vector<int32_t> before = parts;
  rebalance(graph, graph.limits(4, kImbalance), parts);
  EXPECT_EQ(parts, before);
}

TEST(ConstraintWeights, cap_hubs_and_drop_what_cannot_be_balanced) {
  const SerialGraph star = serial_graph(tests::star(101));
  std::vector<Split> splits(101);
  splits[5] = Split::kTrain;
  const ConstraintWeights few = weights_of(star, splits, 4);
  EXPECT_EQ(few.num_constraints, 2);
  EXPECT_EQ(few.weights[1], 200 / 8);
  std::fill(splits.begin(), splits.begin() + 8, Split::kTrain);
  EXPECT_EQ(weights_of(star, splits, 4).num_constraints, 3);
  EXPECT_EQ(weights_of(serial_graph({.num_nodes = 101, .edges = {}}), splits, 4).num_constraints, 2);
}

TEST(ConstraintWeights, balance_valid_and_test_nodes_together_where_asked) {
  const SerialGraph path = serial_graph(tests::path(40));
  std::vector<Split> splits(40);
  std::fill(splits.begin(), splits.begin() + 4, Split::kValid);
  std::fill(splits.begin() + 4, splits.begin() + 8, Split::kTest);
  EXPECT_EQ(weights_of(path, splits, 4).num_constraints, 2);
  const ConstraintWeights both = weights_of(path, splits, 4, Balance::kEvaluation);
  EXPECT_EQ(both.num_constraints, 3);
  int64_t evaluated = 0;
  for (size_t i = 2; i < both.weights.size(); i += 3) evaluated += both.weights[i];
  EXPECT_EQ(evaluated, 8);
  EXPECT_EQ(weights_of(path, splits, 5, Balance::kEvaluation).num_constraints, 2);
}

/// As it raises SIGTERM when it fails, and then goes on where that is blocked.
TEST(SerialPartition, takes_a_signal_of_METIS_to_itself_for_a_failure) {
  sigset_t only = {};
  sigset_t before = {};
  sigemptyset(&only);
  sigaddset(&only, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &only, &before);
  std::raise(SIGTERM);
  const SerialGraph graph = serial_graph(tests::cycle(1000));
  EXPECT_FALSE(call_metis(graph, graph.limits(4, kImbalance), 1).has_value());
  EXPECT_TRUE(call_metis(graph, graph.limits(4, kImbalance), 1).has_value());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);  // ends the process if it is still there
}

/// Ends the process: with 0 if METIS finds the same parts each time and the signals come to the one who waits for them.
void partition_while_signals_come() {
  StopSignals stop(75);
  stop.react_by(StopSignals::Reaction::kNote);
  const SerialGraph graph = constrained_graph(tests::power_law(3000, 5, 1), 8);
  const std::vector<int32_t> expected = parts_of(graph, 8, 1);
  const pid_t receiver = getpid();
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (kill(receiver, SIGTERM) == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
    _exit(0);
  }
  for (int i = 0; i < 50; ++i) {
    if (parts_of(graph, 8, 1) != expected) _exit(1);
  }
  _exit(stop.is_stop_wanted() ? 0 : 2);
}

/// METIS handles SIGTERM itself: by giving up.
TEST(SerialPartition, is_the_same_where_signals_come_meanwhile) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process of its own, in which no thread is older than StopSignals
  EXPECT_EXIT(partition_while_signals_come(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gigahop::partition
