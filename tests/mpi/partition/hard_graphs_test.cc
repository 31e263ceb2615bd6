// Graphs that break partitioners, into 1 to 9 parts by every method: whatever comes out is held to all it promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "array/npy.h"
#include "comm/communicator.h"
#include "graph/partition_folder.h"
#include "mpi/partition/shared_folder.h"
#include "partition/edge_blocks.h"
#include "partition/partition_dataset.h"
#include "partition/verify.h"
#include "support/tiny_graphs.h"
#include "support/write_dataset_folder.h"

namespace gigahop::partition {
namespace {

namespace fs = std::filesystem;
using tests::EdgeList;
using tests::error_of;
using tests::PartitionInput;
using tests::SharedFolder;

struct HardGraph {
  const char* name;
  EdgeList edges;
};

/// Paths of so many nodes each, side by side, then isolated nodes.
EdgeList islands(int64_t num_paths, int64_t length, int64_t num_isolated) {
  EdgeList graph{.num_nodes = num_paths * length + num_isolated, .edges = {}};
  for (int64_t node = 0; node + 1 < num_paths * length; ++node) {
    if ((node + 1) % length != 0) graph.edges.emplace_back(node, node + 1);
  }
  return graph;
}

/// A cycle whose last node is joined to every node.
EdgeList hub_over_cycle(int64_t num_nodes) {
  EdgeList graph = tests::cycle(num_nodes);
  for (int64_t node = 0; node + 1 < num_nodes; ++node) graph.edges.emplace_back(node, num_nodes - 1);
  return graph;
}

std::vector<HardGraph> hard_graphs() {
  return {{"many_components", islands(40, 5, 0)},
          {"mostly_isolated", islands(3, 4, 200)},
          {"hub_over_all", hub_over_cycle(150)},
          {"long_path", tests::path(400)},
          {"no_edges", islands(0, 1, 60)},
          {"power_law", tests::power_law(200, 5, 8)},
          {"one_node", islands(0, 1, 1)},
          {"fewer_nodes_than_ranks", tests::path(2)},
          {"fewer_nodes_than_parts", tests::path(6)}};
}

PartitionOptions options_for(const SharedFolder& folder, int num_parts, Method method) {
  return {.dataset_folder = folder.path() / "dataset",
          .output_folder = folder.path() / "partition",
          .existing = PendingFolder::Existing::kReplace,
          .num_parts = num_parts,
          .method = method,
          .seed = 3,
          .chunk_bytes = 64,
          .entries_of_rank = 1};
}

/// Partitions and verifies; the manifest.
proto::Partition partition_and_verify(const comm::Communicator& comm, const SharedFolder& folder,
                                      const PartitionOptions& options) {
  const proto::Partition manifest = partition_dataset(comm, options);
  folder.on_root([&] { verify_partition_of(options.output_folder, options.dataset_folder); });
  return manifest;
}

TEST(HardGraphs, become_partitions_that_keep_every_promise) {
  const comm::Communicator comm = tests::quiet_world();
  const SharedFolder folder(comm, "hard_graphs");
  int first_count = 1;
  for (const HardGraph& graph : hard_graphs()) {
    PartitionInput input;
    input.graph = graph.edges;
    folder.on_root([&] { tests::write_dataset_folder(folder.path() / "dataset", input); });
    // Three numbers of parts for each graph; all graphs together see each of 1 to 9 three times.
    for (int num_parts = first_count; num_parts <= 9; num_parts += 3) {
      SCOPED_TRACE(graph.name + std::string(" in ") + std::to_string(num_parts));
      const proto::Partition manifest =
          partition_and_verify(comm, folder, options_for(folder, num_parts, Method::kMultilevel));
      const auto has_nodes = [](const proto::PartSummary& part) { return part.num_owned() > 0; };
      EXPECT_EQ(std::count_if(manifest.parts().begin(), manifest.parts().end(), has_nodes),
                std::min<int64_t>(num_parts, graph.edges.num_nodes));
    }
    first_count = first_count % 3 + 1;
  }
}

TEST(HardGraphs, may_have_empty_splits_and_any_direction) {
  const comm::Communicator comm = tests::quiet_world();
  const SharedFolder folder(comm, "splits");
  PartitionInput input = tests::tiny_input(tests::power_law(120, 4, 5), 1, 2);
  input.valid.clear();
  input.test.clear();
  folder.on_root([&] { tests::write_dataset_folder(folder.path() / "dataset", input); });
  PartitionOptions options = options_for(folder, 4, Method::kMultilevel);
  options.balance = Balance::kEvaluation;
  EXPECT_EQ(partition_and_verify(comm, folder, options).num_valid(), 0);
  options.balance = Balance::kNodes;
  EXPECT_EQ(partition_and_verify(comm, folder, options).num_nodes(), 120);
  options.direction = Direction::kDirected;
  EXPECT_TRUE(partition_and_verify(comm, folder, options).directed());
  options.method = Method::kAuto;
  EXPECT_EQ(partition_and_verify(comm, folder, options).method(), comm.size() == 1 ? "METIS" : "MULTILEVEL");
}

/// The rows of all ranks, in the order of nodes.
void expect_rows(const comm::Communicator& comm, const DistributedGraph& graph, const EdgeList& edges,
                 tests::Direction direction) {
  const auto expected = tests::adjacency(edges, direction);
  const int64_t first = graph.blocks.first(comm.rank());
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    std::vector<int64_t> columns;
    for (const int32_t local : graph.neighbours(row)) columns.push_back(graph.node(comm.rank(), local));
    std::sort(columns.begin(), columns.end());
    EXPECT_EQ(columns, expected[static_cast<size_t>(first + row)]);
  }
}

TEST(ReadGraph, gives_every_rank_the_rows_of_a_block_of_about_its_share) {
  const comm::Communicator comm = tests::quiet_world();
  const SharedFolder folder(comm, "read_graph");
  for (const HardGraph& hard : hard_graphs()) {
    PartitionInput input;
    input.graph = hard.edges;
    folder.on_root([&] { tests::write_dataset_folder(folder.path() / "dataset", input); });
    const graph::DatasetFolder dataset(folder.path() / "dataset");
    const DistributedGraph graph = read_graph(comm, dataset, Direction::kSymmetrised, 64, 1);
    EXPECT_EQ(graph.blocks.num_nodes(), hard.edges.num_nodes);
    EXPECT_EQ(graph.blocks.size(comm.rank()), graph.num_owned());
    expect_rows(comm, graph, hard.edges, tests::Direction::kSymmetrised);
    const DistributedGraph directed = read_graph_on(comm, dataset, graph.blocks, Direction::kDirected, 64);
    expect_rows(comm, directed, hard.edges, tests::Direction::kDirected);

    int64_t most = 0;
    for (int64_t row = 0; row < graph.num_owned(); ++row) most = std::max(most, graph.degree(row));
    const int64_t counted = 2 * static_cast<int64_t>(hard.edges.edges.size());
    EXPECT_LE(graph.row_offsets.back(), 2 * (counted + hard.edges.num_nodes) / comm.size() + most + 2) << hard.name;
  }
}

class GivenParts : public testing::Test {
 protected:
  GivenParts() : comm_(tests::quiet_world()), folder_(comm_, "given") {
    folder_.on_root([&] {
      tests::write_dataset_folder(folder_.path() / "dataset", tests::tiny_input(tests::power_law(90, 4, 7), 1, 2));
    });
  }

  template <class T>
  PartitionOptions given(const std::vector<T>& parts, int num_parts) {
    PartitionOptions options = options_for(folder_, num_parts, Method::kGiven);
    options.part_of_node = folder_.path() / "given.npy";
    folder_.on_root([&] {
      array::write_npy(options.part_of_node, std::span<const T>(parts), {static_cast<int64_t>(parts.size())});
    });
    return options;
  }

  void expect_refused(const PartitionOptions& options, const std::vector<std::string>& words) {
    const std::optional<Error> error = error_of([&] { partition_dataset(comm_, options); });
    EXPECT_TRUE(error.has_value());
    if (!error.has_value()) return;
    EXPECT_EQ(error->kind, ErrorKind::kData);
    for (const std::string& word : words) {
      EXPECT_NE(std::string(error->what()).find(word), std::string::npos) << error->what();
    }
    folder_.on_root([&] { EXPECT_FALSE(fs::exists(options.output_folder)); });
  }

  comm::Communicator comm_;
  SharedFolder folder_;
};

TEST_F(GivenParts, are_taken_as_they_are_with_32_or_64_bits) {
  std::vector<int64_t> parts(90);
  for (size_t node = 0; node < parts.size(); ++node) parts[node] = static_cast<int64_t>(node * node % 5 % 4);
  const std::vector<int32_t> narrow(parts.begin(), parts.end());
  for (const PartitionOptions& options : {given(parts, 5), given(narrow, 5)}) {
    EXPECT_EQ(partition_and_verify(comm_, folder_, options).method(), "GIVEN");
    folder_.on_root([&] {
      const array::NpyArray written(options.output_folder / "part_of_node.npy");
      EXPECT_TRUE(std::ranges::equal(written.values<int32_t>(), narrow));
    });
  }
}

TEST_F(GivenParts, are_refused_with_file_and_node) {
  std::vector<int32_t> parts(90, 1);
  parts[77] = 2;
  expect_refused(given(parts, 2), {"given.npy", "node 77", "0 to 1", "found 2"});
  parts[77] = -1;
  expect_refused(given(parts, 2), {"given.npy", "node 77", "found -1"});
  expect_refused(given(std::vector<int32_t>(89), 2), {"given.npy", "90 nodes", "89 rows"});
  expect_refused(given(std::vector<float>(90), 2), {"given.npy", "int64 or int32", "float32"});
  PartitionOptions absent = given(parts, 2);
  absent.part_of_node = folder_.path() / "absent.npy";
  expect_refused(absent, {"absent.npy"});
}

TEST_F(GivenParts, of_an_earlier_partition_are_refined_after_edges_were_added) {
  PartitionOptions first = options_for(folder_, 3, Method::kHash);
  first.output_folder = folder_.path() / "earlier";
  const double cut_before = partition_and_verify(comm_, folder_, first).quality().cut_share();
  folder_.on_root([&] {
    PartitionInput input = tests::tiny_input(tests::power_law(90, 4, 7), 1, 2);
    for (int64_t node = 0; node + 9 < 90; node += 9) input.graph.edges.emplace_back(node, node + 9);
    tests::write_dataset_folder(folder_.path() / "dataset", input);
  });
  PartitionOptions options = options_for(folder_, 3, Method::kAuto);
  options.refine_from = first.output_folder;
  const proto::Partition refined = partition_and_verify(comm_, folder_, options);
  EXPECT_EQ(refined.method(), "REFINED");
  EXPECT_LT(refined.quality().cut_share(), cut_before);
  folder_.on_root([&] { fs::remove_all(options.output_folder); });
  options.num_parts = 4;
  expect_refused(options, {"partition.textproto", "90 nodes in 4 parts", "90 nodes in 3 parts"});
}

}  // namespace
}  // namespace gigahop::partition
