/// Token rows, encodings and labels of a batch against the files; shards that cannot be loaded.
#include <gtest/gtest.h>

#include <map>

#include "array/npy.h"
#include "base/error.h"
#include "comm/collectives.h"
#include "graph/partition_folder.h"
#include "loading_case.h"
#include "sampler/loader.h"

namespace gigahop::sampler {
namespace {

namespace fs = std::filesystem;

std::vector<float> as_floats(const array::NpyArray& array) {
  std::vector<float> values;
  if (array.dtype() == array::DType::kFloat16) {
    for (const Float16 x : array.values<Float16>()) values.push_back(to_float(x));
  } else if (array.dtype() == array::DType::kBFloat16) {
    for (const BFloat16 x : array.values<BFloat16>()) values.push_back(to_float(x));
  } else {
    values.assign(array.values<float>().begin(), array.values<float>().end());
  }
  return values;
}

struct NodeRows {
  std::vector<float> tokens, positional;
  int64_t label;
};

/// Everything of every node, read from all shards.
std::map<int64_t, NodeRows> read_all(const fs::path& folder) {
  std::map<int64_t, NodeRows> nodes;
  const proto::Partition partition = graph::read_partition_manifest(folder);
  for (int part = 0; part < partition.num_parts(); ++part) {
    const graph::Shard shard(folder, partition, part);
    const std::vector<float> tokens = as_floats(shard.tokens());
    const std::vector<float> positional = as_floats(shard.positional());
    const auto rows = [](const std::vector<float>& all, int64_t row, int64_t count) {
      const auto begin = all.begin() + row * count;
      return std::vector<float>(begin, begin + count);
    };
    for (int64_t row = 0; row < shard.num_owned(); ++row) {
      nodes[shard.original_ids()[row].value] = {rows(tokens, row, shard.tokens().row_elements()),
                                                rows(positional, row, shard.positional().row_elements()),
                                                shard.labels()[row]};
    }
  }
  return nodes;
}

void expect_rows_of_files(const MiniBatch& batch, const fs::path& folder) {
  const auto expected = read_all(folder);
  for (int64_t u = 0; u < batch.num_nodes(); ++u) {
    const std::vector<float>& tokens = expected.at(batch.node_ids[u].value).tokens;
    EXPECT_EQ(std::vector<float>(batch.tokens.row(3 * u), batch.tokens.row(3 * u) + tokens.size()), tokens);
  }
  for (int64_t b = 0; b < batch.num_seeds(); ++b) {
    const NodeRows& node = expected.at(batch.seed_ids[b].value);
    EXPECT_EQ(std::vector<float>(batch.positional.row(b), batch.positional.row(b) + batch.positional.cols()),
              node.positional);
    EXPECT_EQ(batch.labels[b], node.label);
  }
}

TEST(Features, of_a_batch_are_those_of_the_files_in_every_dtype) {
  const comm::Communicator world = comm::Communicator::world();
  for (const array::DType dtype : {array::DType::kFloat32, array::DType::kFloat16, array::DType::kBFloat16}) {
    const auto folder =
        write_encoded_shards(world, "tokens_" + std::string(array::name(dtype)), tests::power_law(70, 3, 8), 7, dtype);
    const graph::LocalGraph graph = open_graph(world, folder);
    LoaderOptions options;
    options.sample_size = 12;
    Loader loader(graph, world.duplicate(), options);
    const MiniBatch batch = loader.load({.seeds = all_rows(graph)});
    expect_rows_of_files(batch, folder);
    int64_t remote = 0;
    for (const OriginalId id : batch.node_ids) {
      const auto owned = graph.original_ids();
      remote += std::find(owned.begin(), owned.end(), id) == owned.end() ? 1 : 0;
    }
    EXPECT_EQ(batch.num_remote_nodes, remote);
  }
}

/// Collective. Whether making a loader fails everywhere with kData.
bool fails_with_data_error(const comm::Communicator& world, const graph::LocalGraph& graph) {
  int32_t failed = 0;
  try {
    LoaderOptions options;
    Loader loader(graph, world.duplicate(), options);
  } catch (const Error& error) {
    failed = error.kind == ErrorKind::kData ? 1 : 0;
  }
  return comm::sum_over_ranks(world, failed) == world.size();
}

TEST(Loader, refuses_shards_without_encodings_on_all_ranks) {
  const comm::Communicator world = comm::Communicator::world();
  const auto folder = write_shards(world, "not_encoded", tests::tiny_input(tests::cycle(20), 4, 1));
  EXPECT_TRUE(fails_with_data_error(world, open_graph(world, folder)));
}

TEST(Loader, refuses_shards_where_two_parts_own_the_same_node_on_all_ranks) {
  const comm::Communicator world = comm::Communicator::world();
  tests::PartitionInput input = tests::tiny_input(tests::cycle(20), 4, 1);
  for (int32_t v = 0; v < 20; ++v) input.part_of_node[v] = v / 5;
  input.encoded = tests::Encoded::kYes;
  const auto folder = write_shards(world, "owned_twice", input);
  if (world.rank() == 0) {
    const std::vector<int64_t> ids = {4, 6, 7, 8, 9};
    array::write_npy<int64_t>(graph::part_folder(folder, 1) / "original_ids.npy", ids, {5});
  }
  comm::barrier(world);
  EXPECT_TRUE(fails_with_data_error(world, open_graph(world, folder)));
}

}  // namespace
}  // namespace gigahop::sampler
