#include "loading_case.h"

#include <gtest/gtest.h>

#include <numeric>

#include "array/manifest.h"
#include "array/npy.h"
#include "comm/collectives.h"
#include "graph/partition_folder.h"

namespace gigahop::sampler {
namespace fs = std::filesystem;
namespace {

template <class Half, class Round>
void store_tokens_as(const fs::path& folder, int num_parts, Round round) {
  for (int part = 0; part < num_parts; ++part) {
    const fs::path shard_folder = graph::part_folder(folder, part);
    proto::Shard shard;
    array::read_text_proto(shard_folder / graph::kShardManifest, shard);
    std::vector<int64_t> shape;
    std::vector<Half> rounded;
    {
      const array::NpyArray tokens(shard_folder / "tokens.npy");
      shape = tokens.shape();
      for (const float value : tokens.values<float>()) rounded.push_back(round(value));
    }
    auto& records = *shard.mutable_arrays();
    for (int i = 0; i < records.size(); ++i) {
      if (records.Get(i).file() == "tokens.npy") records.DeleteSubrange(i--, 1);
    }
    fs::remove(shard_folder / "tokens.npy");
    array::add_record(records, array::write_npy<Half>(shard_folder / "tokens.npy", rounded, shape));
    array::write_text_proto(shard_folder / graph::kShardManifest, shard);
  }
}

}  // namespace

fs::path write_shards(const comm::Communicator& comm, const std::string& name, const tests::PartitionInput& input) {
  const fs::path folder = fs::path(testing::TempDir()) / ("gigahop_mpi_sampler_" + std::to_string(comm.size())) / name;
  if (comm.rank() == 0) tests::write_partition_folder(folder, input);
  comm::barrier(comm);
  return folder;
}

fs::path write_encoded_shards(const comm::Communicator& comm, const std::string& name, const tests::EdgeList& edges,
                              int num_parts, array::DType dtype) {
  tests::PartitionInput input = tests::tiny_input(edges, num_parts, 3);
  input.encoded = tests::Encoded::kYes;
  fs::path folder = write_shards(comm, name, input);
  if (comm.rank() == 0 && dtype == array::DType::kFloat16) {
    store_tokens_as<Float16>(folder, num_parts, [](float x) { return to_float16(x); });
  }
  if (comm.rank() == 0 && dtype == array::DType::kBFloat16) {
    store_tokens_as<BFloat16>(folder, num_parts, [](float x) { return to_bfloat16(x); });
  }
  comm::barrier(comm);
  return folder;
}

graph::LocalGraph open_graph(const comm::Communicator& comm, const fs::path& folder) {
  const proto::Partition partition = graph::read_partition_manifest(folder);
  std::vector<int32_t> rank_of_part(static_cast<size_t>(partition.num_parts()));
  for (size_t part = 0; part < rank_of_part.size(); ++part) {
    rank_of_part[part] = static_cast<int32_t>((part * 5 + 1) % static_cast<size_t>(comm.size()));
  }
  return graph::LocalGraph(folder, rank_of_part, comm.rank());
}

std::vector<LocalId> all_rows(const graph::LocalGraph& graph) {
  std::vector<LocalId> rows(static_cast<size_t>(graph.num_owned()));
  std::iota(rows.begin(), rows.end(), LocalId(0));
  return rows;
}

}  // namespace gigahop::sampler
