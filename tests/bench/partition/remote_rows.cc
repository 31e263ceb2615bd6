/// What training feels of a partition: token rows that the ranks fetch from each other in an epoch, one part on each.
///
///   remote_rows PARTITION K GROUPS BATCH [SEED]
///
/// One process goes through the steps of epoch 0 as `gigahop train` does (the same seeds, the same coordinated
/// samples), part by part: the samples of a part's seeds in a step are one batch of the rank that would own it. Prints
/// a line of JSON: rows of the batches (distinct within a batch), how many of them belong to another part, the same
/// relative to seeds, and how many remote rows are distinct over the whole epoch, which is what a cache without limit
/// would fetch. Checked in the same run: the samples of all seeds sum to K.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "base/error.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/coordinated.h"
#include "sampler/sample_lists.h"
#include "sampler/seed_plan.h"

namespace gigahop::sampler {
namespace {

struct Counts {
  int64_t seeds = 0;
  int64_t rows = 0;
  int64_t remote_rows = 0;
};

std::vector<int32_t> parts_of_nodes(const graph::LocalGraph& graph) {
  std::vector<int32_t> parts(static_cast<size_t>(graph.num_owned()));
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    const int shard = graph.shard_of(LocalId(static_cast<int32_t>(row)));
    parts[static_cast<size_t>(graph.original_ids()[static_cast<size_t>(row)].value)] = shard;
  }
  return parts;
}

/// Rows of one step by the shard that owns them.
std::vector<std::vector<LocalId>> seeds_by_part(const graph::LocalGraph& graph, const std::vector<LocalId>& seeds) {
  std::vector<std::vector<LocalId>> by_part(graph.shards().size());
  for (const LocalId seed : seeds) by_part[static_cast<size_t>(graph.shard_of(seed))].push_back(seed);
  return by_part;
}

void run(const std::filesystem::path& folder, const LoaderOptions& options, int64_t batch_size) {
  const comm::Communicator world = comm::Communicator::world();
  require(world.size() == 1, "one process stands for all parts");
  const auto num_parts = static_cast<size_t>(graph::read_partition_manifest(folder).num_parts());
  const graph::LocalGraph graph(folder, std::vector<int32_t>(num_parts, 0), 0);
  const std::vector<int32_t> parts = parts_of_nodes(graph);
  SeedPlan plan(graph, Split::kTrain, graph.partition().num_train(), batch_size, SeedOrder::kShuffled, options.key);
  CoordinatedSampler sampler(graph, world, options);
  std::vector<std::vector<bool>> is_fetched(num_parts, std::vector<bool>(parts.size(), false));
  Counts counts;
  for (int64_t step = 0; step < plan.num_steps(); ++step) {
    const std::vector<std::vector<LocalId>> by_part = seeds_by_part(graph, plan.seeds(0, step));
    for (size_t part = 0; part < num_parts; ++part) {
      const SampleLists lists = sampler.sample(world, 0, by_part[part]);
      require(std::accumulate(lists.counts.begin(), lists.counts.end(), int64_t{0}) ==
                  options.sample_size * lists.num_lists(),
              "the counts of a list sum to K");
      for (const OriginalId id : number_distinct_nodes(lists).ids) {
        const auto node = static_cast<size_t>(id.value);
        const bool is_remote = parts[node] != static_cast<int32_t>(part);
        ++counts.rows;
        counts.remote_rows += is_remote ? 1 : 0;
        if (is_remote) is_fetched[part][node] = true;
      }
      counts.seeds += lists.num_lists();
    }
  }
  int64_t distinct = 0;
  for (const std::vector<bool>& fetched : is_fetched) distinct += std::count(fetched.begin(), fetched.end(), true);
  fmt::print(
      "{{\"parts\": {}, \"steps\": {}, \"seeds\": {}, \"rows\": {}, \"remote_rows\": {}, \"remote_share\": {:.4f}, "
      "\"remote_rows_per_seed\": {:.3f}, \"distinct_remote_rows\": {}}}\n",
      num_parts, plan.num_steps(), counts.seeds, counts.rows, counts.remote_rows,
      static_cast<double>(counts.remote_rows) / static_cast<double>(std::max<int64_t>(1, counts.rows)),
      static_cast<double>(counts.remote_rows) / static_cast<double>(std::max<int64_t>(1, counts.seeds)), distinct);
}

}  // namespace
}  // namespace gigahop::sampler

int main(int argc, char** argv) {
  gigahop::comm::Environment environment(&argc, &argv);
  if (argc < 5) {
    fmt::print(stderr, "usage: remote_rows PARTITION K GROUPS BATCH [SEED]\n");
    return 2;
  }
  const uint64_t seed = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 1;
  try {
    gigahop::sampler::run(argv[1],
                          {.sample_size = std::atoll(argv[2]), .num_groups = std::atoll(argv[3]), .key = {seed}},
                          std::atoll(argv[4]));
  } catch (const gigahop::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return static_cast<int>(error.kind);
  }
  return 0;
}
