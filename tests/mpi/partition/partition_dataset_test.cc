// partition_dataset on any number of ranks against a serial writer that shares no code with it: byte for byte.
#include "partition/partition_dataset.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "array/npy.h"
#include "comm/communicator.h"
#include "graph/partition_folder.h"
#include "mpi/partition/shared_folder.h"
#include "partition/constraints.h"
#include "partition/hash_partition.h"
#include "partition/serial_partition.h"
#include "partition/verify.h"
#include "support/tiny_graphs.h"
#include "support/write_dataset_folder.h"

namespace gigahop::partition {
namespace {

namespace fs = std::filesystem;
using tests::error_of;
using tests::PartitionInput;
using tests::SharedFolder;

constexpr uint64_t kSeed = 5;

PartitionOptions options_for(const SharedFolder& folder, int num_parts, Method method) {
  return {.dataset_folder = folder.path() / "dataset",
          .output_folder = folder.path() / "partition",
          .existing = PendingFolder::Existing::kReplace,
          .num_parts = num_parts,
          .method = method,
          .seed = kSeed,
          .chunk_bytes = 64,
          .entries_of_rank = 1};
}

/// What METIS makes of the whole graph in one process.
std::vector<int32_t> parts_of_one_process(const PartitionInput& input, int num_parts, double imbalance) {
  SerialGraph graph;
  for (const auto& row : tests::adjacency(input.graph, tests::Direction::kSymmetrised)) {
    for (const int64_t column : row) graph.column_ids.push_back(static_cast<int32_t>(column));
    graph.row_offsets.push_back(static_cast<int32_t>(graph.column_ids.size()));
  }
  const std::vector<int64_t> row_offsets(graph.row_offsets.begin(), graph.row_offsets.end());
  std::vector<Split> splits(static_cast<size_t>(input.graph.num_nodes));
  for (const int64_t node : input.train) splits[static_cast<size_t>(node)] = Split::kTrain;
  const ConstraintWeights constraints = constraint_weights(
      row_offsets, splits,
      {.num_entries = row_offsets.back(), .num_train = static_cast<int64_t>(input.train.size()), .num_evaluation = 0},
      num_parts);
  graph.num_constraints = constraints.num_constraints;
  graph.node_weights.assign(constraints.weights.begin(), constraints.weights.end());
  return partition_serially(graph, graph.limits(num_parts, imbalance), kSeed);
}

void expect_same_arrays(const fs::path& expected_folder, const fs::path& folder, int num_parts) {
  for (int part = 0; part < num_parts; ++part) {
    for (const auto& entry : fs::directory_iterator(graph::part_folder(expected_folder, part))) {
      if (entry.path().extension() != ".npy") continue;
      const fs::path found = graph::part_folder(folder, part) / entry.path().filename();
      EXPECT_TRUE(fs::exists(found)) << found;
      if (!fs::exists(found)) continue;
      EXPECT_EQ(read_text_file(found), read_text_file(entry.path())) << found;
    }
  }
  EXPECT_EQ(read_text_file(folder / "part_of_node.npy"), read_text_file(expected_folder / "part_of_node.npy"));
}

/// Partitions, verifies, and compares every array with the serial writer's for the parts of one process.
void expect_as_in_one_process(const comm::Communicator& comm, PartitionInput input, const std::string& name,
                              Method method, Direction direction) {
  const SharedFolder folder(comm, "partition_" + name);
  const int num_parts = input.num_parts;
  PartitionOptions options = options_for(folder, num_parts, method);
  options.direction = direction;
  folder.on_root([&] {
    tests::write_dataset_folder(options.dataset_folder, input);
    input.part_of_node = method == Method::kHash ? hash_partition(0, input.graph.num_nodes, num_parts, kSeed)
                                                 : parts_of_one_process(input, num_parts, options.imbalance);
    input.direction = direction == Direction::kDirected ? tests::Direction::kDirected : tests::Direction::kSymmetrised;
    tests::write_partition_folder(folder.path() / "expected", input);
  });
  const proto::Partition manifest = partition_dataset(comm, options);
  EXPECT_EQ(manifest.num_parts(), num_parts);
  EXPECT_EQ(manifest.num_train(), static_cast<int64_t>(input.train.size()));
  folder.on_root([&] {
    verify_partition_of(options.output_folder, options.dataset_folder);
    expect_same_arrays(folder.path() / "expected", options.output_folder, num_parts);
    EXPECT_FALSE(fs::exists(partial_path(options.output_folder)));
  });
}

TEST(PartitionDataset, makes_the_same_files_on_any_number_of_ranks) {
  const comm::Communicator comm = tests::quiet_world();
  const std::vector<std::pair<std::string, tests::EdgeList>> graphs = {
      {"path", tests::path(12)},
      {"star", tests::star(20)},
      {"triangles", tests::two_triangles_and_isolated()},
      {"power_law", tests::power_law(150, 4, 3)}};
  for (const auto& [name, graph] : graphs) {
    const bool is_small = graph.num_nodes < 100;
    for (const int num_parts : is_small ? std::vector{1, 3, 8} : std::vector{1, 2, 3, 4, 5, 6, 7, 8}) {
      expect_as_in_one_process(comm, tests::tiny_input(graph, num_parts, 9), name, Method::kMetis,
                               Direction::kSymmetrised);
    }
    expect_as_in_one_process(comm, tests::tiny_input(graph, 5, 9), name, Method::kHash, Direction::kSymmetrised);
    expect_as_in_one_process(comm, tests::tiny_input(graph, 3, 9), name, Method::kMetis, Direction::kDirected);
  }
}

TEST(PartitionDataset, takes_fewer_nodes_than_parts_and_one_node) {
  const comm::Communicator comm = tests::quiet_world();
  for (const int64_t num_nodes : {1, 2, 5}) {
    PartitionInput input = tests::tiny_input(tests::path(num_nodes), 8, 1);
    input.train = {0};
    input.valid.clear();
    input.test.clear();
    expect_as_in_one_process(comm, input, "tiny", Method::kMetis, Direction::kSymmetrised);
  }
}

TEST(PartitionDataset, takes_datasets_of_edges_alone) {
  const comm::Communicator comm = tests::quiet_world();
  PartitionInput input;
  input.graph = tests::cycle(30);
  input.num_parts = 3;
  expect_as_in_one_process(comm, input, "edges", Method::kMetis, Direction::kSymmetrised);
}

TEST(PartitionDataset, carries_32_bit_edges_and_bfloat16_features) {
  const comm::Communicator comm = tests::quiet_world();
  const SharedFolder folder(comm, "dtypes");
  const PartitionOptions options = options_for(folder, 3, Method::kMetis);
  folder.on_root([&] {
    tests::write_dataset_folder(options.dataset_folder, tests::tiny_input(tests::power_law(80, 3, 1), 1, 2),
                                tests::EdgeDtype::kInt32, tests::FeatureDtype::kBFloat16);
  });
  EXPECT_EQ(partition_dataset(comm, options).feature_dtype(), "bfloat16");
  folder.on_root([&] { verify_partition_of(options.output_folder, options.dataset_folder); });
}

/// Partitioning this input fails everywhere with these words, and leaves nothing.
void expect_refused(
    const comm::Communicator& comm, const PartitionInput& input, const std::vector<std::string>& words,
    const std::function<void(PartitionOptions&)>& adapt = [](PartitionOptions&) {}) {
  const SharedFolder folder(comm, "refused");
  PartitionOptions options = options_for(folder, 2, Method::kMetis);
  adapt(options);
  folder.on_root([&] { tests::write_dataset_folder(options.dataset_folder, input); });
  const std::optional<Error> error = error_of([&] { partition_dataset(comm, options); });
  EXPECT_TRUE(error.has_value());
  if (error.has_value()) {
    EXPECT_TRUE(error->kind == ErrorKind::kData || error->kind == ErrorKind::kConfig);
    for (const std::string& word : words)
      EXPECT_NE(std::string(error->what()).find(word), std::string::npos) << error->what();
  }
  folder.on_root([&] {
    EXPECT_FALSE(fs::exists(options.output_folder));
    EXPECT_FALSE(fs::exists(partial_path(options.output_folder)));
  });
}

TEST(PartitionDataset, refuses_edges_to_nodes_that_are_none) {
  const comm::Communicator comm = tests::quiet_world();
  PartitionInput input = tests::tiny_input(tests::path(40), 1, 1);
  input.graph.edges[33].second = 40;
  expect_refused(comm, input, {"edges.npy", "target of edge 33", "0 to 39", "found 40"});
  input.graph.edges[33].second = 1;
  input.graph.edges[2].first = -7;
  expect_refused(comm, input, {"edges.npy", "source of edge 2", "found -7"});
}

TEST(PartitionDataset, refuses_splits_that_overlap_or_lack_labels) {
  const comm::Communicator comm = tests::quiet_world();
  const PartitionInput good = tests::tiny_input(tests::path(40), 1, 1);
  PartitionInput input = good;
  input.valid.push_back(input.train[0]);
  expect_refused(comm, input, {"valid.npy", "train.npy has already"});
  input = good;
  input.test.push_back(input.test[0]);
  expect_refused(comm, input, {"test.npy", "each node once"});
  input = good;
  input.labels[static_cast<size_t>(input.test.back())] = -1;
  expect_refused(comm, input, {"test.npy", "without one"});
  input = good;
  input.train.clear();
  expect_refused(comm, input, {"train.npy", "empty"});
}

TEST(PartitionDataset, names_the_limit_of_metis) {
  const comm::Communicator comm = tests::quiet_world();
  expect_refused(comm, tests::tiny_input(tests::path(100), 1, 1),
                 {"2^31-1", "adjacency entries", "found 198", "MULTILEVEL"},
                 [](PartitionOptions& options) { options.metis_limit = 150; });
}

TEST(PartitionDataset, refuses_options_out_of_range) {
  const comm::Communicator comm = tests::quiet_world();
  const PartitionInput input = tests::tiny_input(tests::path(10), 1, 1);
  expect_refused(comm, input, {"num_parts"}, [](PartitionOptions& options) { options.num_parts = 0; });
  expect_refused(comm, input, {"chunk_bytes"}, [](PartitionOptions& options) { options.chunk_bytes = 0; });
}

TEST(PartitionDataset, does_not_touch_a_folder_that_is_there) {
  const comm::Communicator comm = tests::quiet_world();
  const SharedFolder folder(comm, "taken");
  PartitionOptions options = options_for(folder, 2, Method::kHash);
  options.existing = PendingFolder::Existing::kRefuse;
  folder.on_root([&] {
    tests::write_dataset_folder(options.dataset_folder, tests::tiny_input(tests::path(10), 1, 1));
    fs::create_directories(options.output_folder);
    write_text_file(options.output_folder / "precious.txt", "mine");
  });
  EXPECT_TRUE(error_of([&] { partition_dataset(comm, options); }).has_value());
  folder.on_root([&] { EXPECT_EQ(read_text_file(options.output_folder / "precious.txt"), "mine"); });
}

}  // namespace
}  // namespace gigahop::partition
