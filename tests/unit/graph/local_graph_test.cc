#include "graph/local_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "support/tiny_graphs.h"

namespace gigahop::graph {
namespace {

namespace fs = std::filesystem;

fs::path test_folder(const std::string& name) {
  return fs::path(testing::TempDir()) / "local_graph_test" / name;
}

std::vector<int32_t> ranks_round_robin(int num_parts, int num_ranks) {
  std::vector<int32_t> ranks;
  for (int part = 0; part < num_parts; ++part) ranks.push_back(part % num_ranks);
  return ranks;
}

/// Original ids of all rows: owned from the shards, halo through the owners' graphs.
std::vector<int64_t> originals_of_globals(const fs::path& folder, int num_parts) {
  const LocalGraph whole(folder, std::vector<int32_t>(static_cast<size_t>(num_parts), 0), 0);
  std::vector<int64_t> originals;
  for (const OriginalId id : whole.original_ids()) originals.push_back(id.value);
  return originals;  // with one rank, rows are global ids
}

void expect_rows_of(const tests::PartitionInput& input, const fs::path& folder, int num_ranks) {
  const auto rows = tests::adjacency(input.graph, input.direction);
  const auto originals = originals_of_globals(folder, input.num_parts);
  std::set<int64_t> seen;
  for (int rank = 0; rank < num_ranks; ++rank) {
    const LocalGraph graph(folder, ranks_round_robin(input.num_parts, num_ranks), rank);
    std::set<int64_t> remote;
    for (int64_t row = 0; row < graph.num_owned(); ++row) {
      const int64_t original = graph.original_ids()[row].value;
      EXPECT_TRUE(seen.insert(original).second);
      std::vector<int64_t> neighbours;
      for (const LocalId column : graph.edges().neighbours(row)) {
        const GlobalId id = graph.global_id(column);
        neighbours.push_back(originals[static_cast<size_t>(id.value)]);
        EXPECT_EQ(graph.rank_of(id) == rank, column.value < graph.num_owned());
        if (column.value >= graph.num_owned()) remote.insert(id.value);
        if (column.value < graph.num_owned()) {
          EXPECT_EQ(graph.owned_row(id), column);
        }
      }
      std::sort(neighbours.begin(), neighbours.end());
      EXPECT_EQ(neighbours, rows[static_cast<size_t>(original)]);
    }
    EXPECT_EQ(remote.size(), static_cast<size_t>(graph.num_halo()));
    EXPECT_TRUE(std::is_sorted(graph.halo_ids().begin(), graph.halo_ids().end()));
    for (int64_t place = 0; place < graph.num_halo(); ++place) {
      const auto original = static_cast<size_t>(originals[static_cast<size_t>(graph.halo_ids()[place].value)]);
      EXPECT_EQ(graph.halo_degrees()[place], static_cast<int32_t>(rows[original].size()));
    }
  }
  EXPECT_EQ(static_cast<int64_t>(seen.size()), input.graph.num_nodes);
}

void expect_graph_in_parts(const tests::PartitionInput& input) {
  const fs::path folder = test_folder("rows");
  tests::write_partition_folder(folder, input);
  for (int num_ranks = 1; num_ranks <= std::min(input.num_parts, 3); ++num_ranks) {
    expect_rows_of(input, folder, num_ranks);
  }
}

TEST(LocalGraph, holds_every_row_of_the_graph_once_whatever_the_ranks) {
  const std::vector<tests::EdgeList> graphs = {tests::star(8), tests::two_triangles_and_isolated(), tests::path(1),
                                               tests::power_law(60, 3, 5)};
  for (const tests::EdgeList& graph : graphs) {
    for (int num_parts : {1, 4}) {
      expect_graph_in_parts(tests::tiny_input(graph, num_parts, 1));
    }
  }
}

TEST(LocalGraph, holds_a_directed_graph) {
  tests::PartitionInput input = tests::tiny_input(tests::power_law(40, 3, 6), 5, 2);
  input.direction = tests::Direction::kDirected;
  expect_graph_in_parts(input);
}

TEST(LocalGraph, keeps_neighbours_in_the_order_of_the_shard) {
  const tests::PartitionInput input = tests::tiny_input(tests::power_law(50, 4, 2), 5, 3);
  const fs::path folder = test_folder("order");
  tests::write_partition_folder(folder, input);
  const auto globals = [&](const LocalGraph& graph, int64_t row) {
    std::vector<int64_t> ids;
    for (const LocalId column : graph.edges().neighbours(row)) ids.push_back(graph.global_id(column).value);
    return ids;
  };
  const LocalGraph whole(folder, ranks_round_robin(5, 1), 0);
  for (int rank = 0; rank < 2; ++rank) {
    const LocalGraph half(folder, ranks_round_robin(5, 2), rank);
    for (int64_t row = 0; row < half.num_owned(); ++row) {
      const GlobalId id = half.global_id(LocalId(static_cast<int32_t>(row)));
      EXPECT_EQ(globals(half, row), globals(whole, whole.owned_row(id).value));
    }
  }
}

TEST(LocalGraph, finds_rows_shards_and_labels) {
  const tests::PartitionInput input = tests::tiny_input(tests::power_law(40, 2, 9), 4, 4);
  const fs::path folder = test_folder("places");
  tests::write_partition_folder(folder, input);
  const LocalGraph graph(folder, {1, 0, 1, 0}, 1);
  ASSERT_EQ(graph.shards().size(), 2U);
  EXPECT_EQ(graph.shards()[1].part(), 2);
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    const LocalId id(static_cast<int32_t>(row));
    const int shard = graph.shard_of(id);
    EXPECT_GE(row, graph.shard_offsets()[shard]);
    EXPECT_LT(row, graph.shard_offsets()[shard + 1]);
    EXPECT_EQ(graph.labels()[row], graph.original_ids()[row].value % input.num_classes);
    EXPECT_EQ(graph.row_on_owner(graph.global_id(id)), row);
  }
  EXPECT_EQ(graph.row_on_owner(GlobalId(graph.map().first_node(3))), graph.map().num_owned(1));
  EXPECT_THROW(graph.owned_row(graph.map().first_node(1)), Error);
}

TEST(LocalGraph, refuses_shards_that_disagree_about_a_degree) {
  const fs::path folder = test_folder("degrees");
  tests::write_partition_folder(folder, tests::tiny_input(tests::complete(8), 2, 1));
  const fs::path part = part_folder(folder, 0);
  proto::Shard manifest;
  array::read_text_proto(part / kShardManifest, manifest);
  const int64_t num_halo = manifest.num_halo();
  const std::vector<int32_t> wrong(static_cast<size_t>(num_halo), 3);
  array::write_npy<int32_t>(part / "degrees_halo.npy", wrong, {num_halo});
  EXPECT_THROW(LocalGraph(folder, {0, 0}, 0), Error);
}

}  // namespace
}  // namespace gigahop::graph
