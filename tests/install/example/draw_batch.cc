/// How another program embeds the partitioner and the sampler: cuts a dataset into parts, encodes them, and draws the
/// first mini-batch of an epoch. Every rank runs it: mpirun -n 2 draw_batch DATASET PARTITION.
#include <cstdio>
#include <exception>
#include <vector>

#include "comm/communicator.h"
#include "encode/encode.h"
#include "graph/local_graph.h"
#include "partition/assign.h"
#include "partition/partition_dataset.h"
#include "sampler/loader.h"
#include "sampler/seed_plan.h"

namespace {

void draw_batch(const gigahop::comm::Communicator& comm, const char* dataset, const char* folder) {
  using namespace gigahop;
  constexpr int64_t kBatchSize = 64;
  constexpr RandomKey kKey{1};
  const proto::Partition partition = partition::partition_dataset(
      comm, {.dataset_folder = dataset, .output_folder = folder, .num_parts = 4, .seed = kKey.seed});
  const std::vector<int32_t> rank_of_part = partition::assign_parts(partition, comm.size());
  encode::encode_shards(comm, folder, rank_of_part, {.positional_width = 16, .seed = kKey.seed});

  const graph::LocalGraph graph(folder, rank_of_part, comm.rank());
  sampler::SeedPlan plan(graph, sampler::Split::kTrain, partition.num_train(), kBatchSize,
                         sampler::SeedOrder::kShuffled, kKey);
  sampler::Loader loader(graph, comm.duplicate(), {.sample_size = 10, .key = kKey});
  const sampler::MiniBatch batch = loader.load({.seeds = plan.seeds(0, 0)});
  std::printf("rank %d: %lld seeds, %lld distinct nodes, %lld of other ranks\n", comm.rank(),
              static_cast<long long>(batch.num_seeds()), static_cast<long long>(batch.num_nodes()),
              static_cast<long long>(batch.num_remote_nodes));
}

}  // namespace

int main(int argc, char** argv) {
  const gigahop::comm::Environment environment(&argc, &argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: draw_batch DATASET PARTITION\n");
    return 2;
  }
  try {
    draw_batch(gigahop::comm::Communicator::world(), argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    gigahop::comm::abort_all(1);
  }
  return 0;
}
