/// How many seeds a second the samplers serve, and in how much memory, on any partition.
///
///   sampler_bench PARTITION [NAME=NUMBER ...]      (or under mpirun; struct Arguments lists the names)
///
/// Shards need not be encoded. Seeds are nodes of all parts in shuffled order, one batch after the other, with one
/// salt: the first batches of COORDINATED make and fetch what later ones find, so the rate over all of them and that of
/// the last quarter are both told. Seconds are processor time of the process, so a busy machine disturbs little. Memory
/// is the growth of the process's peak since the graph was there. Checked in the same run: lists of some seeds of every
/// batch sum to K and, on one rank, hold true candidates. Results: one line of JSON.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "base/error.h"
#include "base/memory.h"
#include "comm/collectives.h"
#include "sampler/coordinated.h"
#include "sampler/independent.h"
#include "sampler/seed_plan.h"

namespace gigahop::sampler {
namespace {

struct Arguments {
  std::string partition;
  int64_t independent = 0;            // 1: INDEPENDENT samples instead of COORDINATED ones
  int64_t sample_size = 50;           // K
  int64_t groups = 1;                 // sampler.coordination_groups
  int64_t batch = 1024;               // seeds, over all ranks
  int64_t batches = 64;               // at most an epoch
  int64_t hubs = 0;                   // then so many of each rank's longest rows as seeds, one a batch
  int64_t budget = int64_t{1} << 30;  // sampler.sketch_budget_bytes
  int64_t threads = 1;                // of a rank
};

/// Exact, by sets: only where no neighbour's row is remote.
void check_list(const graph::LocalGraph& graph, const SampleLists& lists, int64_t b, LocalId seed,
                int64_t sample_size) {
  int64_t total = 0;
  std::set<int64_t> in_list;
  for (int32_t s = lists.offsets[b]; s < lists.offsets[b + 1]; ++s) {
    total += lists.counts[s];
    if (s > lists.offsets[b]) in_list.insert(lists.ids[s].value);
  }
  require(total == sample_size, "the counts of a list sum to K");
  const auto edges = graph.edges();
  if (graph.num_halo() > 0 || edges.degree(seed.value) == 0) return;
  const auto cross_out = [&](LocalId row) { in_list.erase(graph.original_ids()[row.value].value); };
  for (const LocalId neighbour : edges.neighbours(seed.value)) {
    cross_out(neighbour);
    std::ranges::for_each(edges.neighbours(neighbour.value), cross_out);
  }
  require(in_list.empty(), "a sample holds candidates");
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::vector<std::vector<LocalId>> seeds_of_batches(const graph::LocalGraph& graph, const Arguments& arguments) {
  SeedPlan plan(graph, Split::kAll, graph.map().num_nodes(), arguments.batch, SeedOrder::kShuffled, {1});
  std::vector<std::vector<LocalId>> batches;
  for (int64_t step = 0; step < std::min(plan.num_steps(), arguments.batches); ++step) {
    batches.push_back(plan.seeds(0, step));
  }
  // The rows of highest degree, one a batch.
  std::vector<LocalId> rows(static_cast<size_t>(arguments.hubs == 0 ? 0 : graph.num_owned()));
  for (size_t row = 0; row < rows.size(); ++row) rows[row] = LocalId(static_cast<int32_t>(row));
  const auto edges = graph.edges();
  std::ranges::sort(rows, std::greater(), [&](LocalId row) { return edges.degree(row.value); });
  for (int64_t hub = 0; hub < arguments.hubs; ++hub) {
    batches.push_back(hub < static_cast<int64_t>(rows.size()) ? std::vector{rows[hub]} : std::vector<LocalId>{});
  }
  return batches;
}

template <class Sampler>
void measure(const comm::Communicator& world, const graph::LocalGraph& graph, const LoaderOptions& options,
             const Arguments& arguments) {
  const std::vector<std::vector<LocalId>> batches = seeds_of_batches(graph, arguments);
  release_freed_memory();
  reset_peak_memory();
  const int64_t held = peak_memory();
  Sampler sampler(graph, world, options);
  double salt_seconds = processor_seconds();
  sampler.sample(world, 0, {});
  salt_seconds = processor_seconds() - salt_seconds;
  std::vector<double> seconds;
  const size_t last_quarter = 3 * batches.size() / 4;
  int64_t seeds = 0;
  int64_t last_seeds = 0;
  int64_t distinct = 0;
  for (size_t step = 0; step < batches.size(); ++step) {
    const double began = processor_seconds();
    const SampleLists lists = sampler.sample(world, 0, batches[step]);
    const DistinctNodes nodes = number_distinct_nodes(lists);
    seconds.push_back(processor_seconds() - began);
    distinct += static_cast<int64_t>(nodes.ids.size());
    seeds += lists.num_lists();
    if (step >= last_quarter) last_seeds += lists.num_lists();
    for (int64_t b = 0; b < std::min<int64_t>(lists.num_lists(), 2); ++b) {
      check_list(graph, lists, b, batches[step][b], options.sample_size);
    }
  }
  const auto sum = [&](size_t from) {
    double total = 0;
    for (size_t step = from; step < seconds.size(); ++step) total += seconds[step];
    return total;
  };
  const int64_t growth = comm::max_over_ranks(world, peak_memory() - held);
  if (world.rank() != 0) return;
  fmt::print(R"({{"sampler": "{}", "entries": {}, "ranks": {}, "groups": {}, "K": {}, "new_salt_seconds": {:.3f}, )"
             R"("seeds": {}, "seconds": {:.3f}, "seeds_per_second": {:.0f}, "seeds_per_second_last_quarter": {:.0f}, )"
             R"("nodes_per_second": {:.0f}, "distinct_per_batch": {:.0f}, "slowest_batch_seconds": {:.3f}, )"
             R"("growth_mib": {:.1f}}})"
             "\n",
             arguments.independent != 0 ? "INDEPENDENT" : "COORDINATED", graph.partition().num_edges(), world.size(),
             options.num_groups, options.sample_size, salt_seconds, seeds, salt_seconds + sum(0),
             static_cast<double>(seeds) / (salt_seconds + sum(0)), static_cast<double>(last_seeds) / sum(last_quarter),
             static_cast<double>(seeds * options.sample_size) / (salt_seconds + sum(0)),
             static_cast<double>(distinct) / static_cast<double>(batches.size()), *std::ranges::max_element(seconds),
             static_cast<double>(growth) / (1 << 20));
}

void run(const Arguments& arguments) {
  const comm::Communicator world = comm::Communicator::world();
  const proto::Partition partition = graph::read_partition_manifest(arguments.partition);
  std::vector<int32_t> rank_of_part(static_cast<size_t>(partition.num_parts()));
  for (size_t part = 0; part < rank_of_part.size(); ++part) {
    rank_of_part[part] = static_cast<int32_t>(part % static_cast<size_t>(world.size()));
  }
  const graph::LocalGraph graph(arguments.partition, rank_of_part, world.rank());
  const LoaderOptions options{.sample_size = arguments.sample_size,
                              .num_groups = arguments.groups,
                              .num_threads = static_cast<int>(arguments.threads),
                              .sketch_budget_bytes = arguments.budget,
                              .key = {1}};
  if (arguments.independent != 0) {
    measure<IndependentSampler>(world, graph, options, arguments);
  } else {
    measure<CoordinatedSampler>(world, graph, options, arguments);
  }
}

}  // namespace
}  // namespace gigahop::sampler

int main(int argc, char** argv) {
  using gigahop::sampler::Arguments;
  gigahop::comm::Environment environment(&argc, &argv);
  Arguments arguments;
  const std::map<std::string, int64_t*> settings = {
      {"independent", &arguments.independent}, {"sample_size", &arguments.sample_size},
      {"groups", &arguments.groups},           {"batch", &arguments.batch},
      {"batches", &arguments.batches},         {"hubs", &arguments.hubs},
      {"budget", &arguments.budget},           {"threads", &arguments.threads}};
  for (int i = 2; i < argc; ++i) {
    const std::string setting = argv[i];
    const size_t equals = setting.find('=');
    const auto known = settings.find(setting.substr(0, equals));
    if (known == settings.end() || equals == std::string::npos) argc = 0;
    if (argc > 0) *known->second = std::stoll(setting.substr(equals + 1));
  }
  if (argc < 2) {
    fmt::print(stderr, "usage: sampler_bench PARTITION [NAME=NUMBER ...]\n");
    return 2;
  }
  arguments.partition = argv[1];
  gigahop::sampler::run(arguments);
  return 0;
}
