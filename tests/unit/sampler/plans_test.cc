/// What needs no ranks: streams cut into rounds, blocks of the directory, salts, the forecast.
#include <gtest/gtest.h>

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

TEST(Forecast, counts_sketches_only_where_there_are_some_and_bounds_them_by_graph_and_budget) {
  LoaderOptions options;
  options.sample_size = 51;
  options.num_groups = 3;
  LoadForecastInput input{.num_nodes = 1000,
                          .num_ranks = 2,
                          .num_owned = 500,
                          .num_halo = 100,
                          .num_edges = 4000,
                          .num_total_edges = 9000,
                          .seeds_per_step = 64,
                          .batches_ahead = 2,
                          .feature_width = 16,
                          .positional_width = 4};
  // 4000 edges make at most 61 rows of more than 64; 5000 remote ones at most 76, and all may be short ones.
  const int64_t lists = 2 * 3 * (61 + 76) * (8 * 50 + 40) + 100 * 40 + 5000 * 8;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, lists);
  options.sketch_budget_bytes = lists - 1;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, lists - 1);
  options.sketch_budget_bytes = lists + 1;
  input.num_edges = input.num_total_edges = 1000000;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, lists + 1);
  options.sketch_budget_bytes = int64_t{1} << 60;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, 2 * 3 * 500 * (8 * 50 + 40) + 100 * 40);
  options.sampling = Sampling::kIndependent;
  EXPECT_EQ(forecast_load(options, input).sketches_bytes, 0);
  // 64 seeds of 51 entries cannot be more than the graph's 1000 nodes; four batches live at once.
  EXPECT_EQ(forecast_load(options, input).batches_bytes,
            4 * (1000 * (3 * 16 * 4 + 8) + 64 * 51 * 8 + 64 * (4 * 4 + 24)));
  options.neighbourhood = Neighbourhood::kSeedsOnly;
  EXPECT_EQ(forecast_load(options, input).rows_bytes, 0);
  EXPECT_EQ(forecast_load(options, input).total_bytes(), forecast_load(options, input).batches_bytes);
}

}  // namespace
}  // namespace gigahop::sampler
