/// What needs no ranks: streams cut into rounds, blocks of the directory, salts, extents of batches, the forecast.
#include <gtest/gtest.h>

#include "sampler/batch_extents.h"
#include "sampler/directory.h"
#include "sampler/forecast.h"
#include "sampler/ragged_exchange.h"

namespace gigahop::sampler {
namespace {

TEST(SegmentCursor, covers_every_element_once_in_order_and_keeps_to_the_budget) {
  const std::vector<int64_t> lengths = {0, 5, 0, 1, 17, 3, 0};
  for (int64_t budget = 1; budget <= 30; ++budget) {
    SegmentCursor cursor(lengths);
    std::vector<int64_t> reached(lengths.size(), 0);
    int64_t rounds = 0;
    int64_t total = 0;
    while (total < 26) {
      int64_t moved = 0;
      cursor.advance(budget, [&](const Segment& segment) {
        EXPECT_EQ(segment.begin, reached[segment.index]);
        EXPECT_GT(segment.count, 0);
        reached[segment.index] += segment.count;
        moved += segment.count;
      });
      EXPECT_EQ(moved, std::min<int64_t>(budget, 26 - total));
      total += moved;
      ++rounds;
    }
    EXPECT_EQ(reached, lengths);
    RaggedPlan plan;
    plan.send_lengths = {{1}, {}};
    plan.receive_lengths = {{}, lengths};
    EXPECT_EQ(num_rounds(plan, budget), rounds);
  }
}

TEST(Directory, blocks_cover_all_nodes_in_order) {
  for (const int64_t num_nodes : {int64_t{1}, int64_t{7}, int64_t{64}, int64_t{1} << 55}) {
    for (int ranks = 1; ranks <= 9; ++ranks) {
      EXPECT_EQ(first_directory_id(num_nodes, 0, ranks), 0);
      EXPECT_EQ(first_directory_id(num_nodes, ranks, ranks), num_nodes);
      for (int rank = 0; rank < ranks; ++rank) {
        const int64_t size =
            first_directory_id(num_nodes, rank + 1, ranks) - first_directory_id(num_nodes, rank, ranks);
        EXPECT_GE(size, num_nodes / ranks);
        EXPECT_LE(size, num_nodes / ranks + 1);
      }
    }
  }
}

TEST(Salt, changes_every_so_many_epochs_or_never) {
  EXPECT_EQ(salt_of_epoch(5, 1), 5);
  EXPECT_EQ(salt_of_epoch(5, 2), 2);
  EXPECT_EQ(salt_of_epoch(5, 0), 0);
}

LoadForecastInput small_input() {
  return {.num_nodes = 1000,
          .num_ranks = 2,
          .num_owned = 500,
          .num_halo = 100,
          .num_edges = 4000,
          .num_total_edges = 9000,
          .batches_ahead = 2,
          .feature_width = 16,
          .positional_width = 4};
}

TEST(Forecast, counts_sketches_only_where_there_are_some_and_bounds_them_by_graph_and_budget) {
  LoaderOptions options;
  options.sample_size = 51;
  options.num_groups = 3;
  LoadForecastInput input = small_input();
  // 4000 edges make at most 61 rows of more than 64; 5000 remote ones at most 76, and all may be short ones.
  const int64_t lists = 2 * 3 * (61 + 76) * (8 * 50 + 43) + 100 * 43 + 5000 * 8;
  EXPECT_EQ(largest_lists_bytes(options, input), lists);
  input.lists_bytes = lists;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, lists);
  options.sketch_budget_bytes = lists - 1;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, lists - 1);
  input.num_edges = input.num_total_edges = 1000000;
  EXPECT_EQ(largest_lists_bytes(options, input), 2 * 3 * 500 * (8 * 50 + 43) + 100 * 43);
  options.sampling = Sampling::kIndependent;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, 0);
}

TEST(Forecast, of_batches_is_that_of_their_extents_and_these_are_bounded_by_the_graph) {
  LoaderOptions options;
  options.sample_size = 51;
  LoadForecastInput input = small_input();
  // 64 seeds of 51 entries cannot be more than the graph's 1000 nodes; three batches live at once.
  input.batch = largest_extents(options, 64, 1000, 500);
  const int64_t of_all = forecast_load(options, input).batches_bytes;
  EXPECT_EQ(of_all, 3 * (1000 * (3 * 16 * 4 + 8) + 64 * 51 * 8 + 64 * (4 * 4 + 24)));
  const int64_t exchange_of_all = forecast_load(options, input).exchange_bytes;
  input.batch.num_nodes = 300;
  input.batch.num_remote = 100;
  EXPECT_EQ(of_all - forecast_load(options, input).batches_bytes, 3 * 700 * (3 * 16 * 4 + 8));
  EXPECT_LT(forecast_load(options, input).exchange_bytes, exchange_of_all);
  options.neighbourhood = Neighbourhood::kSeedsOnly;
  input.batch = largest_extents(options, 64, 1000, 500);
  EXPECT_EQ(input.batch.num_nodes, 64);
  EXPECT_EQ(forecast_load(options, input).total_bytes(), forecast_load(options, input).batches_bytes);
}

TEST(Forecast, of_a_presampled_cache_holds_what_an_epoch_wants) {
  LoaderOptions options;
  options.cache_policy = CachePolicy::kPresample;
  options.cache_bytes = int64_t{1} << 30;
  LoadForecastInput input = small_input();
  const int64_t row = 3 * 16 * 4 + 12;
  input.epoch_remote = 200;
  const int64_t of_few = forecast_load(options, input).cache_bytes;
  input.epoch_remote = 300;
  EXPECT_GE(forecast_load(options, input).cache_bytes - of_few, 100 * row);
  options.cache_policy = CachePolicy::kDegree;
  EXPECT_GE(forecast_load(options, input).cache_bytes, 500 * row);
}

TEST(Forecast, counts_the_messages_that_fill_the_cache_or_those_of_a_batch_but_not_both) {
  LoaderOptions options;
  options.cache_bytes = int64_t{1} << 30;
  LoadForecastInput input = small_input();
  input.batch = largest_extents(options, 64, 1000, 500);
  const int64_t of_batch = forecast_load(options, input).exchange_bytes;
  options.cache_policy = CachePolicy::kDegree;
  EXPECT_EQ(forecast_load(options, input).exchange_bytes, std::max(of_batch, int64_t{3} * 500 * 3 * 16 * 4));
  input.batch.num_remote = 0;
  EXPECT_EQ(forecast_load(options, input).exchange_bytes, int64_t{3} * 500 * 3 * 16 * 4);
  // Filled once, before the first batch is made.
  input.refills_cache = false;
  EXPECT_LT(forecast_load(options, input).exchange_bytes, int64_t{3} * 500 * 3 * 16 * 4);
  EXPECT_EQ(forecast_load(options, input).first_filling_bytes, int64_t{3} * 500 * 3 * 16 * 4);
}

/// Four seeds; node 3 is remote.
TEST(BatchExtents, count_each_node_once_however_many_seeds_share_it) {
  MiniBatch batch;
  batch.seeds.resize(4);
  batch.node_ids = {OriginalId(2), OriginalId(4), OriginalId(6), OriginalId(8)};
  batch.sample_offsets = {0, 2, 4, 6, 8};
  const std::vector<bool> is_remote = {false, false, false, true};
  batch.sample_nodes = {0, 3, 1, 3, 2, 3, 0, 3};
  const std::vector<BatchExtents> extents = extents_by_seeds(batch, is_remote);
  ASSERT_EQ(extents.size(), 5U);
  EXPECT_EQ(extents[0].num_nodes, 0);
  EXPECT_EQ(extents[1].num_nodes, 2);
  EXPECT_EQ(extents[1].num_remote, 1);
  for (int64_t b = 0; b <= 4; ++b) {
    EXPECT_EQ(extents[b].num_seeds, b);
    EXPECT_EQ(extents[b].num_entries, 2 * b);
    EXPECT_EQ(extents[b].num_remote, std::min<int64_t>(b, 1));
  }
  EXPECT_EQ(extents[4].num_nodes, 4);
}

}  // namespace
}  // namespace gigahop::sampler
