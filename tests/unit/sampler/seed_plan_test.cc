/// Seeds of every step, on graphs of every number of ranks in one process.
#include "sampler/seed_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/tiny_graphs.h"

namespace gigahop::sampler {
namespace {

constexpr int kParts = 8;
constexpr int64_t kNodes = 203;

std::filesystem::path shards() {
  static const std::filesystem::path folder = [] {
    const auto path = std::filesystem::path(testing::TempDir()) / "gigahop_seed_plan_test";
    tests::write_partition_folder(path, tests::tiny_input(tests::power_law(kNodes, 3, 1), kParts, 5));
    return path;
  }();
  return folder;
}

std::vector<int32_t> round_robin(int num_ranks) {
  std::vector<int32_t> rank_of_part(kParts);
  for (int part = 0; part < kParts; ++part) rank_of_part[part] = part % num_ranks;
  return rank_of_part;
}

/// Original ids of each step, over all ranks.
std::vector<std::multiset<int64_t>> seeds_of_epoch(int num_ranks, int64_t epoch, int64_t batch_size, Split split,
                                                   SeedOrder order, int64_t num_seeds) {
  std::vector<std::multiset<int64_t>> steps(static_cast<size_t>(steps_per_epoch(num_seeds, batch_size)));
  for (int rank = 0; rank < num_ranks; ++rank) {
    const graph::LocalGraph graph(shards(), round_robin(num_ranks), rank);
    SeedPlan plan(graph, split, num_seeds, batch_size, order, {9});
    EXPECT_EQ(plan.num_steps(), static_cast<int64_t>(steps.size()));
    for (int64_t step = 0; step < plan.num_steps(); ++step) {
      for (const LocalId row : plan.seeds(epoch, step)) {
        steps[static_cast<size_t>(step)].insert(graph.original_ids()[row.value].value);
      }
    }
  }
  return steps;
}

TEST(StepsPerEpoch, rounds_up_and_is_zero_without_seeds) {
  EXPECT_EQ(steps_per_epoch(0, 10), 0);
  EXPECT_EQ(steps_per_epoch(10, 10), 1);
  EXPECT_EQ(steps_per_epoch(11, 10), 2);
}

TEST(FirstSeedOfStep, shares_evenly_without_overflow) {
  for (const int64_t seeds : {int64_t{0}, int64_t{1}, int64_t{9}, int64_t{100}, int64_t{1} << 60}) {
    for (const int64_t steps : {int64_t{1}, int64_t{3}, int64_t{10}, int64_t{1} << 30}) {
      for (const int part : {0, 1, 2, 63, 100003}) {
        EXPECT_EQ(first_seed_of_step(part, seeds, 0, steps), 0);
        EXPECT_EQ(first_seed_of_step(part, seeds, steps, steps), seeds);
        for (const int64_t step : {int64_t{0}, steps / 2, steps - 1}) {
          const int64_t share =
              first_seed_of_step(part, seeds, step + 1, steps) - first_seed_of_step(part, seeds, step, steps);
          EXPECT_GE(share, seeds / steps);
          EXPECT_LE(share, seeds / steps + 1);
        }
      }
    }
  }
}

TEST(FirstSeedOfStep, adds_the_phase_of_the_part_before_it_rounds_down) {
  // u = 0, 0.618, 0.236, 0.854: of 5 steps, part 1 first gets its only seed where s / 5 + 0.618 >= 1.
  const std::vector<int64_t> step_of_the_seed = {4, 1, 3, 0};
  for (int part = 0; part < 4; ++part) {
    for (int64_t step = 0; step <= 5; ++step) {
      EXPECT_EQ(first_seed_of_step(part, 1, step, 5), step > step_of_the_seed[static_cast<size_t>(part)] ? 1 : 0);
    }
  }
}

TEST(SeedPlan, takes_each_seed_exactly_once_per_epoch) {
  std::multiset<int64_t> all;
  const auto steps = seeds_of_epoch(1, 3, 16, Split::kAll, SeedOrder::kShuffled, kNodes);
  for (const auto& step : steps) all.insert(step.begin(), step.end());
  EXPECT_EQ(all.size(), static_cast<size_t>(kNodes));
  EXPECT_EQ(std::set<int64_t>(all.begin(), all.end()).size(), static_cast<size_t>(kNodes));
}

TEST(SeedPlan, does_not_depend_on_the_number_of_ranks) {
  const int64_t num_train = graph::read_partition_manifest(shards()).num_train();
  EXPECT_GT(num_train, 0);
  for (const SeedOrder order : {SeedOrder::kShuffled, SeedOrder::kAscending}) {
    const auto expected = seeds_of_epoch(1, 2, 10, Split::kTrain, order, num_train);
    for (const int ranks : {2, 3, 4, 8})
      EXPECT_EQ(seeds_of_epoch(ranks, 2, 10, Split::kTrain, order, num_train), expected);
  }
}

TEST(SeedPlan, gives_every_part_its_share_in_every_step) {
  const graph::LocalGraph graph(shards(), round_robin(1), 0);
  SeedPlan plan(graph, Split::kAll, kNodes, 20, SeedOrder::kShuffled, {9});
  for (int64_t step = 0; step < plan.num_steps(); ++step) {
    std::map<int, int64_t> of_part;
    for (const LocalId row : plan.seeds(0, step)) ++of_part[graph.shard_of(row)];
    for (int part = 0; part < kParts; ++part) {
      const int64_t owned = graph.shards()[part].num_owned();
      EXPECT_GE(of_part[part], owned / plan.num_steps());
      EXPECT_LE(of_part[part], owned / plan.num_steps() + 1);
    }
  }
}

TEST(SeedPlan, shuffles_anew_each_epoch_and_returns_to_an_earlier_one) {
  const graph::LocalGraph graph(shards(), round_robin(1), 0);
  SeedPlan plan(graph, Split::kAll, kNodes, kNodes, SeedOrder::kShuffled, {9});
  const auto first = plan.seeds(0, 0);
  const auto second = plan.seeds(1, 0);
  EXPECT_NE(first, second);
  EXPECT_TRUE(std::is_permutation(first.begin(), first.end(), second.begin(), second.end()));
  EXPECT_EQ(plan.seeds(0, 0), first);
  SeedPlan other(graph, Split::kAll, kNodes, kNodes, SeedOrder::kShuffled, {10});
  EXPECT_NE(other.seeds(0, 0), first);
}

TEST(SeedPlan, covers_a_free_set_of_rows) {
  const graph::LocalGraph graph(shards(), round_robin(1), 0);
  std::vector<LocalId> rows;
  for (int32_t row = 1; row < kNodes; row += 3) rows.emplace_back(row);
  SeedPlan plan(graph, rows, static_cast<int64_t>(rows.size()), 7);
  std::vector<LocalId> seen;
  for (int64_t step = 0; step < plan.num_steps(); ++step) {
    const auto seeds = plan.seeds(0, step);
    seen.insert(seen.end(), seeds.begin(), seeds.end());
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, rows);
}

TEST(SeedPlan, has_no_steps_without_seeds) {
  const graph::LocalGraph graph(shards(), round_robin(1), 0);
  EXPECT_EQ(SeedPlan(graph, std::vector<LocalId>{}, 0, 7).num_steps(), 0);
}

}  // namespace
}  // namespace gigahop::sampler
