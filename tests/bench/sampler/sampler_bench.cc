/// How many seeds a second the loader makes ready, and of how many distinct nodes, on a power-law graph.
///
///   sampler_bench FOLDER [THREADS]      (or under mpirun; FOLDER is made if it does not exist, 100 MB)
///
/// 64,000 nodes, about 560,000 adjacency entries, hubs of degree up to 20,000, some isolated nodes; F = 128 float32,
/// B = 1024 over all ranks, K = 50. Seconds are processor time of the process, so a busy machine disturbs little.
/// Checked in the same run: every list sums to K and holds true candidates.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <set>

#include "array/manifest.h"
#include "array/npy.h"
#include "base/error.h"
#include "comm/collectives.h"
#include "graph/partition_folder.h"
#include "sampler/coordinated.h"
#include "sampler/independent.h"
#include "sampler/loader.h"
#include "sampler/seed_plan.h"
#include "support/tiny_graphs.h"

namespace gigahop::sampler {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNodes = 64000;
constexpr int64_t kEdges = 295000;
constexpr int64_t kFeatures = 128;
constexpr int64_t kBatch = 1024;
constexpr int64_t kSample = 50;
constexpr int kParts = 8;

/// One end uniform over most nodes, the other by Zipf's law; ids scattered.
tests::EdgeList draw_graph() {
  tests::EdgeList graph{kNodes, {}};
  const auto scattered = [](int64_t place) { return place * 39119 % kNodes; };
  for (uint64_t e = 0; e < kEdges; ++e) {
    const RandomWords words = random_words({1}, Purpose::kTest, 0, e, 0);
    const auto uniform = static_cast<int64_t>(to_uniform(words[0]) * 0.95 * kNodes);
    const auto zipf = static_cast<int64_t>(std::exp(to_uniform(words[1]) * std::log(double{kNodes}))) - 1;
    graph.edges.emplace_back(scattered(uniform), scattered(std::min(zipf, kNodes - 1)));
  }
  return graph;
}

void write_encodings(const fs::path& folder) {
  for (int part = 0; part < kParts; ++part) {
    const fs::path path = graph::part_folder(folder, part);
    proto::Shard shard;
    array::read_text_proto(path / graph::kShardManifest, shard);
    const int64_t rows = shard.num_owned();
    const std::vector<float> tokens(static_cast<size_t>(rows * 3 * kFeatures), 0.5F);
    const std::vector<float> positional(static_cast<size_t>(rows * 64), 0.25F);
    array::add_record(*shard.mutable_arrays(),
                      array::write_npy<float>(path / "tokens.npy", tokens, {rows, 3, kFeatures}));
    array::add_record(*shard.mutable_arrays(),
                      array::write_npy<float>(path / "positional.npy", positional, {rows, 64}));
    shard.mutable_encoding()->set_positional_width(64);
    array::write_text_proto(path / graph::kShardManifest, shard);
  }
}

void make_folder(const comm::Communicator& world, const fs::path& folder) {
  if (world.rank() == 0 && !fs::exists(folder)) {
    tests::PartitionInput input = tests::tiny_input(draw_graph(), kParts, 1);
    input.feature_width = kFeatures;
    input.features.assign(static_cast<size_t>(kNodes * kFeatures), 0.5F);
    tests::write_partition_folder(folder, input);
    write_encodings(folder);
  }
  comm::barrier(world);
}

void check(const MiniBatch& batch, const std::vector<std::vector<int64_t>>& adjacency) {
  for (int64_t b = 0; b < batch.num_seeds(); ++b) {
    std::set<int64_t> candidates;
    for (const int64_t neighbour : adjacency[batch.seed_ids[b].value]) {
      candidates.insert(neighbour);
      candidates.insert(adjacency[neighbour].begin(), adjacency[neighbour].end());
    }
    int64_t total = 0;
    for (int32_t s = batch.sample_offsets[b]; s < batch.sample_offsets[b + 1]; ++s) {
      total += batch.sample_counts[s];
      const int64_t id = batch.node_ids[batch.sample_nodes[s]].value;
      require(candidates.empty() || id == batch.seed_ids[b].value || candidates.count(id) == 1,
              "a sample holds candidates");
    }
    require(total == kSample, "the counts of a list sum to K");
  }
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Sampling and numbering alone.
template <class Sampler>
void measure_sampling(const char* name, const comm::Communicator& world, const graph::LocalGraph& graph,
                      const LoaderOptions& options) {
  Sampler sampler(graph, world, options);
  SeedPlan plan(graph, Split::kAll, kNodes, kBatch, SeedOrder::kShuffled, {1});
  const double began = processor_seconds();
  sampler.sample(world, 0, {});
  const double salt_seconds = processor_seconds() - began;

  double seconds = 0;
  int64_t distinct = 0;
  int64_t seeds = 0;
  for (int64_t step = 0; step < plan.num_steps(); ++step) {
    const std::vector<LocalId> rows = plan.seeds(0, step);
    const double step_began = processor_seconds();
    const DistinctNodes nodes = number_distinct_nodes(sampler.sample(world, 0, rows));
    seconds += processor_seconds() - step_began;
    distinct += static_cast<int64_t>(nodes.ids.size());
    seeds += static_cast<int64_t>(rows.size());
  }
  if (world.rank() != 0) return;
  fmt::print("{}: new salt {:.1f} ms, {:.0f} seeds/s, {:.0f} distinct nodes a batch\n", name, salt_seconds * 1e3,
             static_cast<double>(seeds) / seconds,
             static_cast<double>(distinct) / static_cast<double>(plan.num_steps()));
}

/// Whole batches, tokens fetched and converted.
void measure_loading(const comm::Communicator& world, const graph::LocalGraph& graph, const LoaderOptions& options,
                     const std::vector<std::vector<int64_t>>& adjacency) {
  Loader loader(graph, world.duplicate(), options);
  SeedPlan plan(graph, Split::kAll, kNodes, kBatch, SeedOrder::kShuffled, {1});
  check(loader.load({.seeds = plan.seeds(0, 0)}), adjacency);
  double seconds = 0;
  int64_t seeds = 0;
  for (int64_t step = 1; step < plan.num_steps(); ++step) {
    const BatchRequest request{.step = step, .seeds = plan.seeds(0, step)};
    const double began = processor_seconds();
    const MiniBatch batch = loader.load(request);
    seconds += processor_seconds() - began;
    seeds += batch.num_seeds();
  }
  if (world.rank() == 0) fmt::print("  with tokens {:.0f} seeds/s\n", static_cast<double>(seeds) / seconds);
}

void run(const fs::path& folder, int threads) {
  const comm::Communicator world = comm::Communicator::world();
  make_folder(world, folder);
  std::vector<int32_t> rank_of_part(kParts);
  for (int part = 0; part < kParts; ++part) rank_of_part[part] = part % world.size();
  const graph::LocalGraph graph(folder, rank_of_part, world.rank());
  const auto adjacency = tests::adjacency(draw_graph(), tests::Direction::kSymmetrised);
  if (world.rank() == 0) {
    size_t largest = 0;
    for (const auto& row : adjacency) largest = std::max(largest, row.size());
    fmt::print("{} adjacency entries, largest degree {}, {} ranks of {} threads; of rank 0:\n",
               graph.partition().num_edges(), largest, world.size(), threads);
  }
  LoaderOptions options{.sample_size = kSample, .num_threads = threads};
  measure_sampling<CoordinatedSampler>("COORDINATED", world, graph, options);
  measure_loading(world, graph, options, adjacency);
  options.sampling = Sampling::kIndependent;
  measure_sampling<IndependentSampler>("INDEPENDENT", world, graph, options);
  measure_loading(world, graph, options, adjacency);
}

}  // namespace
}  // namespace gigahop::sampler

int main(int argc, char** argv) {
  gigahop::comm::Environment environment(&argc, &argv);
  if (argc < 2) {
    fmt::print(stderr, "usage: sampler_bench FOLDER [THREADS]\n");
    return 2;
  }
  gigahop::sampler::run(argv[1], argc > 2 ? std::atoi(argv[2]) : 1);
  return 0;
}
