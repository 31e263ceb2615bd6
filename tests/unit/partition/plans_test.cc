// The pure pieces of partitioning: blocks, waves, numbering, local structure, quality, forecast.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "partition/forecast.h"
#include "partition/halo.h"
#include "partition/hash_partition.h"
#include "partition/node_blocks.h"
#include "partition/numbering.h"
#include "partition/part_rows.h"
#include "partition/quality.h"

namespace gigahop::partition {
namespace {

TEST(NodeBlocks, cover_all_ids_in_order_and_differ_by_one_at_most) {
  for (const int64_t num_nodes : {0, 1, 2, 3, 7, 100, 12345}) {
    for (int num_ranks = 1; num_ranks <= 9; ++num_ranks) {
      const NodeBlocks blocks(num_nodes, num_ranks);
      EXPECT_EQ(blocks.first(0), 0);
      EXPECT_EQ(blocks.first(num_ranks), num_nodes);
      int64_t id = 0;
      for (int rank = 0; rank < num_ranks; ++rank) {
        EXPECT_LE(std::abs(blocks.size(rank) - num_nodes / num_ranks), 1);
        for (int64_t i = 0; i < blocks.size(rank); ++i) ASSERT_EQ(blocks.owner(id++), rank);
      }
      EXPECT_EQ(id, num_nodes);
    }
  }
}

TEST(NodeBlocks, find_owners_among_trillions) {
  const NodeBlocks blocks(3'000'000'000'007, 1013);
  for (const int rank : {0, 1, 500, 1012}) {
    EXPECT_EQ(blocks.owner(blocks.first(rank)), rank);
    EXPECT_EQ(blocks.owner(blocks.first(rank + 1) - 1), rank);
  }
}

TEST(WritePlan, writes_each_part_once) {
  for (int num_parts = 1; num_parts <= 9; ++num_parts) {
    for (int num_ranks = 1; num_ranks <= 12; ++num_ranks) {
      const WritePlan plan(num_parts, num_ranks);
      std::vector<int> seen;
      for (int wave = 0; wave < plan.num_waves(); ++wave) {
        int in_wave = 0;
        for (int rank = 0; rank < num_ranks; ++rank) {
          const std::optional<int> part = plan.part(rank, wave);
          if (!part.has_value()) continue;
          EXPECT_EQ(plan.writer(*part), rank);
          seen.push_back(*part);
          ++in_wave;
        }
        EXPECT_EQ(plan.num_parts_in_wave(num_ranks, wave), in_wave);
      }
      std::sort(seen.begin(), seen.end());
      std::vector<int> all(static_cast<size_t>(num_parts));
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(seen, all);
    }
  }
}

/// Numbering of 40 nodes in blocks over `num_ranks`, every id as the ranks together see it.
std::vector<GlobalId> number_over_ranks(const std::vector<int32_t>& parts, int num_parts, int num_ranks) {
  const NodeBlocks blocks(static_cast<int64_t>(parts.size()), num_ranks);
  std::vector<int64_t> counts(static_cast<size_t>(num_ranks * num_parts));
  for (size_t node = 0; node < parts.size(); ++node) {
    ++counts[static_cast<size_t>(blocks.owner(static_cast<int64_t>(node)) * num_parts + parts[node])];
  }
  std::vector<GlobalId> ids;
  for (int rank = 0; rank < num_ranks; ++rank) {
    const auto mine =
        std::span(parts).subspan(static_cast<size_t>(blocks.first(rank)), static_cast<size_t>(blocks.size(rank)));
    const Numbering numbering = number_block(counts, num_parts, rank, mine);
    ids.insert(ids.end(), numbering.new_ids.begin(), numbering.new_ids.end());
    for (int part = 0; part < num_parts; ++part) {
      for (const int64_t row : numbering.rows_of_part(part)) EXPECT_EQ(mine[static_cast<size_t>(row)], part);
    }
  }
  return ids;
}

TEST(Numbering, is_a_stable_sort_by_part_for_any_number_of_ranks) {
  for (int num_parts = 1; num_parts <= 8; ++num_parts) {
    const std::vector<int32_t> parts = hash_partition(0, 40, num_parts, 3);
    std::vector<int64_t> order(parts.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return parts[a] < parts[b]; });
    std::vector<GlobalId> expected(parts.size());
    for (size_t place = 0; place < order.size(); ++place)
      expected[order[place]] = GlobalId(static_cast<int64_t>(place));
    for (int num_ranks = 1; num_ranks <= 5; ++num_ranks) {
      EXPECT_EQ(number_over_ranks(parts, num_parts, num_ranks), expected);
    }
  }
}

TEST(Halo, is_the_exact_set_of_remote_neighbours) {
  const graph::PartitionMap map({0, 2, 5, 5, 9});
  const std::vector<int32_t> degrees = {3, 0, 2};
  const std::vector<GlobalId> columns = {GlobalId(8), GlobalId(3), GlobalId(0), GlobalId(8), GlobalId(2)};
  const LocalStructure local = localise(map, 1, degrees, columns);
  EXPECT_EQ(local.halo_ids, (std::vector<GlobalId>{GlobalId(0), GlobalId(8)}));
  EXPECT_EQ(local.edges.row_offsets, (std::vector<int64_t>{0, 3, 3, 5}));
  EXPECT_EQ(local.edges.column_ids, (std::vector<LocalId>{LocalId(1), LocalId(3), LocalId(4), LocalId(0), LocalId(4)}));
  const std::vector<HaloShare> shares = halo_shares(map, 1, local.halo_ids);
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_EQ(shares[0].to, 0);
  EXPECT_EQ(shares[1].to, 3);
}

TEST(Halo, of_an_empty_part_is_empty) {
  const LocalStructure local = localise(graph::PartitionMap({0, 2, 2}), 1, {}, {});
  EXPECT_TRUE(local.halo_ids.empty());
  EXPECT_EQ(local.edges.row_offsets, std::vector<int64_t>{0});
}

TEST(Quality, of_two_parts_of_a_path) {
  const std::vector<PartFigures> figures = {
      {.part = 0, .num_owned = 3, .num_halo = 1, .num_edges = 5, .num_cut_edges = 1, .num_train = 2},
      {.part = 1, .num_owned = 1, .num_halo = 1, .num_edges = 1, .num_cut_edges = 1, .num_train = 0}};
  const std::vector<HaloShare> shares = {{.from = 1, .to = 0, .num_nodes = 1}, {.from = 0, .to = 1, .num_nodes = 1}};
  proto::Partition partition;
  partition.set_num_nodes(4);
  partition.set_num_parts(2);
  describe_quality(figures, shares, partition);
  EXPECT_EQ(partition.num_edges(), 6);
  EXPECT_EQ(partition.part_offsets(2), 4);
  EXPECT_EQ(partition.quotient_size(), 1);
  EXPECT_EQ(partition.quotient(0).weight(), 2);
  EXPECT_EQ(partition.quality().cut_edges(), 2);
  EXPECT_DOUBLE_EQ(partition.quality().cut_share(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(partition.quality().halo_share(), 0.5);
  EXPECT_DOUBLE_EQ(partition.quality().node_balance(), 1.5);
  EXPECT_DOUBLE_EQ(partition.quality().train_balance(), 2.0);
}

TEST(Forecast, shrinks_with_ranks_and_is_dominated_by_metis_on_rank_0) {
  proto::Dataset dataset;
  dataset.set_num_nodes(100'000'000);
  dataset.set_num_edges(1'600'000'000);
  PartitionOptions options;
  options.num_parts = 64;
  options.method = Method::kHash;
  const PartitionForecast on_4 = forecast_partition(dataset, options, 4);
  const PartitionForecast on_16 = forecast_partition(dataset, options, 16);
  EXPECT_LT(on_16.bytes_per_rank, on_4.bytes_per_rank);
  EXPECT_EQ(on_4.bytes_on_rank_0, on_4.bytes_per_rank);
  options.method = Method::kMetis;
  EXPECT_GT(forecast_partition(dataset, options, 16).bytes_on_rank_0, int64_t{77} * 3'200'000'000);
}

TEST(Forecast, of_training_counts_each_part_on_its_rank) {
  proto::Partition partition;
  partition.set_num_parts(3);
  partition.set_feature_width(10);
  for (int part = 0; part < 3; ++part) {
    partition.add_parts()->set_num_owned(100 * (part + 1));
    partition.mutable_parts(part)->set_num_halo(10);
    partition.mutable_parts(part)->set_num_edges(1000);
  }
  const std::vector<int32_t> ranks = {0, 1, 0};
  const std::vector<RankForecast> forecasts = forecast_training(partition, ranks, 2, 4, 2);
  EXPECT_EQ(forecasts[0].structure_bytes, 24 * 400 + 12 * 20 + 4 * 2000);
  EXPECT_EQ(forecasts[1].mapped_bytes, 200 * (3 * 10 * 2 + 4 * 4));
}

}  // namespace
}  // namespace gigahop::partition
