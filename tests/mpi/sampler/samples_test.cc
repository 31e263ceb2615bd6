/// Samples against brute force, for every number of parts and ranks.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "comm/collectives.h"
#include "loading_case.h"
#include "sampler/coordinated.h"
#include "sampler/loader.h"
#include "serial_sampler.h"

namespace gigahop::sampler {
namespace {

struct NamedGraph {
  const char* name;
  tests::EdgeList edges;
};

const std::vector<NamedGraph>& graphs() {
  static const std::vector<NamedGraph> all = {
      {"power_law", tests::power_law(90, 2.5, 11)},
      {"star", tests::star(40)},
      {"complete", tests::complete(11)},
      {"cycle", tests::cycle(9)},
      {"triangles", tests::two_triangles_and_isolated()},
      {"no_edges", {5, {}}},
      {"one_node", {1, {}}},
  };
  return all;
}

std::map<int64_t, int> counts_of(const MiniBatch& batch, int64_t b) {
  std::map<int64_t, int> counts;
  for (int32_t s = batch.sample_offsets[b]; s < batch.sample_offsets[b + 1]; ++s) {
    const int64_t id = batch.node_ids[batch.sample_nodes[s]].value;
    EXPECT_EQ(counts.count(id), 0U);
    counts[id] = batch.sample_counts[s];
  }
  return counts;
}

/// What a mini-batch promises beside the choice of nodes.
void check_form(const MiniBatch& batch, int64_t sample_size) {
  EXPECT_TRUE(std::is_sorted(batch.node_ids.begin(), batch.node_ids.end()));
  EXPECT_EQ(std::adjacent_find(batch.node_ids.begin(), batch.node_ids.end()), batch.node_ids.end());
  std::vector<bool> used(batch.node_ids.size());
  for (const int32_t u : batch.sample_nodes) used[u] = true;
  EXPECT_EQ(std::count(used.begin(), used.end(), false), 0);
  EXPECT_EQ(batch.sample_offsets.size(), batch.seeds.size() + 1);
  EXPECT_EQ(batch.tokens.rows(), 3 * batch.num_nodes());
  for (int64_t b = 0; b < batch.num_seeds(); ++b) {
    const int32_t begin = batch.sample_offsets[b];
    const int32_t end = batch.sample_offsets[b + 1];
    EXPECT_EQ(batch.node_ids[batch.sample_nodes[begin]], batch.seed_ids[b]);
    EXPECT_TRUE(std::is_sorted(batch.sample_nodes.begin() + begin + 1, batch.sample_nodes.begin() + end));
    int64_t total = 0;
    for (int32_t s = begin; s < end; ++s) total += batch.sample_counts[s];
    EXPECT_EQ(total, sample_size);
  }
}

void compare_with_serial(const comm::Communicator& world, const graph::LocalGraph& graph, const SerialSampler& serial,
                         const LoaderOptions& options) {
  Loader loader(graph, world.duplicate(), options);
  for (const int64_t salt : {int64_t{0}, kEvaluationSalt, int64_t{0}, int64_t{1}}) {
    const MiniBatch batch = loader.load({.epoch = 2, .step = 3, .salt = salt, .seeds = all_rows(graph)});
    EXPECT_EQ(batch.epoch, 2);
    EXPECT_EQ(batch.step, 3);
    check_form(batch, options.sample_size);
    for (int64_t b = 0; b < batch.num_seeds(); ++b) {
      EXPECT_EQ(counts_of(batch, b), serial.counts(batch.seed_ids[b].value, salt, options));
    }
  }
}

void compare_all(const NamedGraph& named, int num_parts) {
  const comm::Communicator world = comm::Communicator::world();
  const auto folder = write_encoded_shards(world, named.name + std::to_string(num_parts), named.edges, num_parts);
  const graph::LocalGraph graph = open_graph(world, folder);
  const SerialSampler serial(named.edges);
  for (const Sampling sampling : {Sampling::kCoordinated, Sampling::kIndependent}) {
    for (const int64_t sample_size : {2, 8, 50}) {
      LoaderOptions options;
      options.sample_size = sample_size;
      options.sampling = sampling;
      options.num_groups = sample_size == 8 ? 3 : 1;
      options.isolated = sample_size == 50 ? Isolated::kSelf : Isolated::kRandom;
      options.salts_kept = sample_size == 8 ? 1 : 2;
      options.key = {41};
      options.round_elements = sample_size == 2 ? 5 : 1 << 20;
      compare_with_serial(world, graph, serial, options);
    }
  }
}

TEST(Samples, are_those_of_brute_force_on_every_kind_of_graph) {
  for (const NamedGraph& named : graphs()) compare_all(named, 5);
}

TEST(Samples, are_those_of_brute_force_for_every_number_of_parts) {
  for (int num_parts = comm::Communicator::world().size(); num_parts <= 8; ++num_parts) {
    compare_all(graphs().front(), num_parts);
  }
}

/// Long rows and short ones, hubs among the seeds and among their neighbours.
tests::EdgeList hubs() {
  tests::EdgeList graph = tests::power_law(140, 40, 21);
  graph.num_nodes = 150;
  for (int64_t v = 1; v < 145; ++v) graph.edges.emplace_back(0, v);
  return graph;
}

TEST(Samples, are_the_same_for_every_budget_and_size_of_rounds) {
  const comm::Communicator world = comm::Communicator::world();
  const tests::EdgeList edges = hubs();
  const SerialSampler serial(edges);
  const graph::LocalGraph graph = open_graph(world, write_encoded_shards(world, "budget", edges, 7));
  for (const int64_t budget : {int64_t{0}, int64_t{3000}, int64_t{1} << 40}) {
    for (const int64_t round_elements : {int64_t{3000}, int64_t{1} << 22}) {
      compare_with_serial(world, graph, serial,
                          {.sample_size = budget == 0 ? 100 : 8,
                           .num_groups = 3,
                           .sketch_budget_bytes = budget,
                           .key = {77},
                           .round_elements = round_elements});
    }
  }
}

TEST(Budget, bounds_what_is_kept_from_batch_to_batch) {
  const comm::Communicator world = comm::Communicator::world();
  const graph::LocalGraph graph = open_graph(world, write_encoded_shards(world, "kept", hubs(), 6));
  for (const int64_t budget : {int64_t{0}, int64_t{3000}, int64_t{1} << 40}) {
    CoordinatedSampler sampler(
        graph, world, {.sample_size = 8, .num_groups = 2, .salts_kept = 1, .sketch_budget_bytes = budget, .key = {7}});
    sampler.sample(world, 0, all_rows(graph));
    const int64_t kept = sampler.kept_bytes();
    EXPECT_LE(kept, budget);
    EXPECT_EQ(comm::max_over_ranks(world, kept) > 0, budget > 0);
    // Nothing more for the same salt, and the place of the first for another.
    sampler.sample(world, 0, all_rows(graph));
    EXPECT_EQ(sampler.kept_bytes(), kept);
    sampler.sample(world, 1, {});
    EXPECT_LE(sampler.kept_bytes(), kept);
    EXPECT_EQ(sampler.kept_bytes() == 0, world.size() == 1 || budget == 0);
  }
}

std::vector<LocalId> every_twentieth_row(const graph::LocalGraph& graph) {
  std::vector<LocalId> rows = all_rows(graph);
  std::erase_if(rows, [&](LocalId row) { return graph.original_ids()[row.value].value % 20 != 10; });
  return rows;
}

/// Long rows and short ones; of sixteen groups, some of a row's are asked for.
TEST(ExpectedLists, are_those_that_are_kept) {
  const comm::Communicator world = comm::Communicator::world();
  const auto folder = write_encoded_shards(world, "expected", tests::power_law(3000, 80, 5), 7);
  const graph::LocalGraph graph = open_graph(world, folder);
  const LoaderOptions options{.sample_size = 100, .num_groups = 16, .key = {7}};
  CoordinatedSampler sampler(graph, world, options);
  constexpr double kProbability = 0.05;
  const std::vector<LocalId> seeds = every_twentieth_row(graph);
  sampler.sample(world, 0, seeds);
  const auto kept = static_cast<double>(comm::sum_over_ranks(world, sampler.kept_bytes()));
  // Of short rows and of sketches, each rank has one block that is not full.
  const auto begun = static_cast<double>(2 * world.size() * RowLists::kBlockBytes);
  const auto expect_about_kept = [&](const KeptLists& lists) {
    const auto bytes = static_cast<double>(comm::sum_over_ranks(world, lists.short_rows_bytes + lists.sketches_bytes));
    EXPECT_LE(bytes, 1.1 * kept);
    EXPECT_LE(kept, 1.1 * bytes + begun);
  };
  expect_about_kept(expect_lists(graph, options, seeds, 1));
  expect_about_kept(expect_lists(graph, options, all_rows(graph), kProbability));
}

/// In a directed graph a rank does not know which seeds of other ranks point to its rows.
TEST(ExpectedLists, of_a_directed_graph_are_those_that_are_kept_on_one_rank_and_no_fewer_on_several) {
  const comm::Communicator world = comm::Communicator::world();
  tests::PartitionInput input = tests::tiny_input(tests::power_law(3000, 160, 5), 7, 3);
  input.direction = tests::Direction::kDirected;
  const graph::LocalGraph graph = open_graph(world, write_shards(world, "expected_directed", input));
  const LoaderOptions options{.sample_size = 100, .num_groups = 16, .key = {7}};
  CoordinatedSampler sampler(graph, world, options);
  const std::vector<LocalId> seeds = every_twentieth_row(graph);
  sampler.sample(world, 0, seeds);
  const auto kept = static_cast<double>(comm::sum_over_ranks(world, sampler.kept_bytes()));
  const KeptLists lists = expect_lists(graph, options, seeds, 1);
  const auto bytes = static_cast<double>(comm::sum_over_ranks(world, lists.short_rows_bytes + lists.sketches_bytes));
  EXPECT_LE(kept, 1.1 * bytes + static_cast<double>(2 * world.size() * RowLists::kBlockBytes));
  if (world.size() == 1) {
    EXPECT_LE(bytes, 1.1 * kept);
  }
}

TEST(ExpectedLists, of_all_nodes_are_every_long_row_in_each_group_and_the_short_ones_of_other_ranks) {
  const comm::Communicator world = comm::Communicator::world();
  const tests::EdgeList edges = hubs();
  int64_t num_long = 0;
  for (const auto& row : tests::adjacency(edges, tests::Direction::kSymmetrised)) {
    num_long += static_cast<int64_t>(row.size()) > longest_short_row(8) ? 1 : 0;
  }
  EXPECT_GT(num_long, 5);
  const graph::LocalGraph graph = open_graph(world, write_encoded_shards(world, "all_lists", edges, 7));
  const LoaderOptions options{.sample_size = 8, .num_groups = 3};
  const KeptLists lists = expect_lists(graph, options, all_rows(graph), 1);
  const int64_t one_of_each = 3 * num_long * RowLists::bytes_of(7);
  EXPECT_LE(lists.sketches_bytes, one_of_each);
  EXPECT_GE(comm::sum_over_ranks(world, lists.sketches_bytes), one_of_each - world.size());
  int64_t short_rows_bytes = 0;
  for (const int64_t degree : graph.halo_degrees()) {
    short_rows_bytes += degree <= longest_short_row(8) ? RowLists::bytes_of(degree) : 0;
  }
  EXPECT_EQ(lists.short_rows_bytes, short_rows_bytes);
  const KeptLists none = expect_lists(graph, options, {}, 1);
  EXPECT_EQ(none.short_rows_bytes + none.sketches_bytes, 0);
}

TEST(Samples, do_not_depend_on_the_other_seeds_of_the_batch) {
  const comm::Communicator world = comm::Communicator::world();
  const tests::EdgeList edges = tests::power_law(90, 2.5, 11);
  const auto folder = write_encoded_shards(world, "single", edges, 5);
  const graph::LocalGraph graph = open_graph(world, folder);
  for (const Sampling sampling : {Sampling::kCoordinated, Sampling::kIndependent}) {
    LoaderOptions options;
    options.sample_size = 9;
    options.sampling = sampling;
    Loader loader(graph, world.duplicate(), options);
    const MiniBatch whole = loader.load({.seeds = all_rows(graph)});
    for (int64_t step = 0; step < 20; ++step) {
      // Ranks run out of seeds at different steps and take part all the same.
      BatchRequest request;
      if (step < graph.num_owned()) request.seeds = {LocalId(static_cast<int32_t>(step))};
      const MiniBatch one = loader.load(request);
      EXPECT_EQ(one.num_seeds(), static_cast<int64_t>(request.seeds.size()));
      EXPECT_EQ(one.num_nodes() == 0, one.num_seeds() == 0);
      for (int64_t b = 0; b < one.num_seeds(); ++b) EXPECT_EQ(counts_of(one, b), counts_of(whole, step));
    }
  }
}

TEST(Samples, do_not_depend_on_the_number_of_threads) {
  const comm::Communicator world = comm::Communicator::world();
  const graph::LocalGraph graph = open_graph(world, write_encoded_shards(world, "threads", hubs(), 5));
  for (const Sampling sampling : {Sampling::kCoordinated, Sampling::kIndependent}) {
    LoaderOptions options{.sample_size = 9, .sampling = sampling, .num_groups = 2, .sketch_budget_bytes = 2000};
    Loader one_thread(graph, world.duplicate(), options);
    options.num_threads = 3;
    Loader three_threads(graph, world.duplicate(), options);
    const MiniBatch one = one_thread.load({.seeds = all_rows(graph)});
    const MiniBatch three = three_threads.load({.seeds = all_rows(graph)});
    EXPECT_EQ(one.node_ids, three.node_ids);
    EXPECT_EQ(one.sample_offsets, three.sample_offsets);
    EXPECT_EQ(one.sample_nodes, three.sample_nodes);
    EXPECT_EQ(one.sample_counts, three.sample_counts);
    EXPECT_TRUE(
        std::equal(one.tokens.data(), one.tokens.data() + one.tokens.rows() * one.tokens.cols(), three.tokens.data()));
  }
}

TEST(SeedsOnly, gives_lists_of_the_seed_alone) {
  const comm::Communicator world = comm::Communicator::world();
  const auto folder = write_encoded_shards(world, "seeds_only", tests::power_law(60, 2, 4), 6);
  const graph::LocalGraph graph = open_graph(world, folder);
  LoaderOptions options;
  options.neighbourhood = Neighbourhood::kSeedsOnly;
  Loader loader(graph, world.duplicate(), options);
  std::vector<LocalId> seeds = all_rows(graph);
  std::reverse(seeds.begin(), seeds.end());
  const MiniBatch batch = loader.load({.seeds = seeds});
  check_form(batch, 1);
  EXPECT_EQ(batch.num_nodes(), graph.num_owned());
  EXPECT_EQ(batch.num_remote_nodes, 0);
}

}  // namespace
}  // namespace gigahop::sampler
