// The pure pieces of partitioning: blocks, waves, numbering, local structure, quality, forecast.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "partition/block_cut.h"
#include "partition/choose_parts.h"
#include "partition/chunks.h"
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

TEST(NodeBlocks, of_small_graphs_are_those_of_the_first_ranks) {
  EXPECT_EQ(count_owners(10, 89, 100, 8), 1);
  EXPECT_EQ(count_owners(100, 250, 100, 8), 3);
  EXPECT_EQ(count_owners(500, 2500, 100, 8), 8);
  for (int num_owners = 1; num_owners <= 5; ++num_owners) {
    const NodeBlocks blocks(17, 5, num_owners);
    ASSERT_EQ(blocks.num_ranks(), 5);
    EXPECT_EQ(blocks.num_owners(), num_owners);
    EXPECT_EQ(blocks.owner(16), num_owners - 1);
    for (int rank = 0; rank < 5; ++rank) EXPECT_EQ(blocks.size(rank) > 0, rank < num_owners);
  }
  EXPECT_EQ(NodeBlocks(0, 3).num_owners(), 1);
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

TEST(Halo, keys_sort_rows_as_they_stand_on_disk_and_become_local_ids) {
  const graph::PartitionMap map({0, 2, 5, 5, 9});
  const PartRange range(map, 1);
  HaloSet set;
  set.add(std::vector<HaloNode>{{.id = 8, .degree = 4}, {.id = 0, .degree = 1}});
  set.add(std::vector<HaloNode>{{.id = 8, .degree = 4}});
  std::vector<int64_t> halo_ids;
  for (const HaloNode& node : set.take()) halo_ids.push_back(node.id);
  EXPECT_EQ(halo_ids, (std::vector<int64_t>{0, 8}));
  const LocalColumns local(1, range, halo_ids);
  std::vector<int64_t> keys;
  for (const int64_t id : {8, 3, 0, 2}) keys.push_back(range.key(GlobalId(id)));
  std::sort(keys.begin(), keys.end());
  std::vector<int32_t> ids;
  for (const int64_t key : keys) ids.push_back(local(key).value);
  EXPECT_EQ(ids, (std::vector<int32_t>{0, 1, 3, 4}));
  EXPECT_TRUE(local.is_owned(LocalId(2)));
  EXPECT_FALSE(local.is_owned(LocalId(3)));
  const std::vector<HaloShare> shares = halo_shares(map, 1, halo_ids);
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_EQ(shares[0].to, 0);
  EXPECT_EQ(shares[1].to, 3);
}

TEST(Halo, keeps_each_of_very_many_nodes_once) {
  HaloSet set;
  for (int64_t round = 0; round < 50; ++round) {
    std::vector<HaloNode> nodes;
    for (int64_t id = 0; id < 10'000; ++id) nodes.push_back({.id = (id * 7919 + round) % 20'011, .degree = id});
    set.add(nodes);
  }
  const std::vector<HaloNode> nodes = set.take();
  const auto ascends = [](const HaloNode& a, const HaloNode& b) { return a.id >= b.id; };
  EXPECT_EQ(std::adjacent_find(nodes.begin(), nodes.end(), ascends), nodes.end());
  EXPECT_LE(nodes.size(), 20'011U);
  EXPECT_GT(nodes.size(), 10'000U);
  EXPECT_TRUE(set.take().empty());
}

TEST(Halo, of_an_empty_part_is_empty) {
  const LocalColumns local(1, PartRange(graph::PartitionMap({0, 2, 2}), 1), {});
  EXPECT_FALSE(local.is_owned(LocalId(0)));
}

/// Blocks as all ranks together cut them, from pieces of any sizes.
NodeBlocks cut_together(const std::vector<int64_t>& degrees, const NodeBlocks& pieces, int num_ranks) {
  const int64_t entries = std::accumulate(degrees.begin(), degrees.end(), int64_t{0});
  const auto num_nodes = static_cast<int64_t>(degrees.size());
  const int64_t per_node = node_cost(num_nodes, entries);
  std::vector<int64_t> offsets = {0};
  int64_t before = 0;
  for (int rank = 0; rank < pieces.num_ranks(); ++rank) {
    const auto mine =
        std::span(degrees).subspan(static_cast<size_t>(pieces.first(rank)), static_cast<size_t>(pieces.size(rank)));
    if (mine.empty()) continue;
    const auto found =
        boundaries_in_piece(mine, pieces.first(rank), per_node, before, entries + per_node * num_nodes, num_ranks);
    offsets.insert(offsets.end(), found.begin(), found.end());
    before += std::accumulate(mine.begin(), mine.end(), int64_t{0}) + per_node * static_cast<int64_t>(mine.size());
  }
  offsets.push_back(num_nodes);
  return NodeBlocks(offsets);
}

TEST(BlockCut, gives_every_rank_its_share_of_cost_whatever_the_pieces) {
  for (const int64_t num_nodes : {1, 2, 3, 50, 1000}) {
    for (int num_ranks = 1; num_ranks <= 9; ++num_ranks) {
      std::vector<int64_t> degrees;
      for (int64_t node = 0; node < num_nodes; ++node) degrees.push_back(node % 10 == 0 ? 90 : node % 3);
      const NodeBlocks blocks = cut_together(degrees, NodeBlocks(num_nodes, num_ranks), num_ranks);
      ASSERT_EQ(blocks.num_ranks(), num_ranks);
      EXPECT_EQ(blocks.num_nodes(), num_nodes);
      const int64_t entries = std::accumulate(degrees.begin(), degrees.end(), int64_t{0});
      const int64_t per_node = node_cost(num_nodes, entries);
      const int64_t share = (entries + per_node * num_nodes) / num_ranks;
      for (int rank = 0; rank < num_ranks; ++rank) {
        const auto first = degrees.begin() + blocks.first(rank);
        ASSERT_GE(blocks.size(rank), 0);
        const int64_t cost = std::accumulate(first, first + blocks.size(rank), per_node * blocks.size(rank));
        EXPECT_LE(cost, share + 90 + per_node + 1);
        const NodeBlocks one_piece = cut_together(degrees, NodeBlocks(num_nodes, 1), num_ranks);
        EXPECT_EQ(blocks.first(rank), one_piece.first(rank));
      }
    }
  }
}

TEST(BlockCut, leaves_a_hub_alone) {
  std::vector<int64_t> degrees(100, 1);
  degrees[40] = 10'000;
  const NodeBlocks blocks = cut_together(degrees, NodeBlocks(100, 4), 4);
  EXPECT_EQ(blocks.size(1), 0);
  EXPECT_EQ(blocks.first(2), 41);
}

TEST(Chunks, are_small_beside_small_shares_and_bounded_for_large_ones) {
  EXPECT_EQ(bounded_chunk(64 << 20, int64_t{1} << 40), 64 << 20);
  EXPECT_EQ(bounded_chunk(64 << 20, 160 << 20), 10 << 20);
  EXPECT_EQ(bounded_chunk(64 << 20, 1000), 256 << 10);
  EXPECT_EQ(bounded_chunk(64, 1000), 64);
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

/// As ogbn-papers100M.
proto::Dataset billions() {
  proto::Dataset dataset;
  dataset.set_num_nodes(111'000'000);
  dataset.set_num_edges(1'616'000'000);
  return dataset;
}

TEST(Forecast, shrinks_with_ranks_and_is_dominated_by_metis_where_it_runs) {
  PartitionOptions options;
  options.num_parts = 64;
  const auto forecast = [&](Method method, int num_ranks) {
    return forecast_partition(billions(), options, method, num_ranks);
  };
  EXPECT_LT(forecast(Method::kMultilevel, 16).peak_bytes(), forecast(Method::kMultilevel, 4).peak_bytes() / 2);
  EXPECT_LT(forecast(Method::kMultilevel, 16).peak_bytes(), 16 * (int64_t{1} << 30));
  EXPECT_EQ(forecast(Method::kHash, 4).peak_bytes(), forecast(Method::kHash, 4).peak_bytes_with_metis());
  EXPECT_GT(forecast(Method::kMetis, 16).peak_bytes_with_metis(), int64_t{77} * 3'232'000'000);
  EXPECT_EQ(forecast(Method::kHash, 4).disk_bytes, forecast(Method::kHash, 16).disk_bytes);
}

void expect_refusal_with_the_ranks_that_would_do(const PartitionOptions& options, const LaunchMemory& memory) {
  try {
    require_memory_for_partition(billions(), options, Method::kMultilevel, memory);
    FAIL() << "so few ranks do not hold the graph";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kConfig);
    const std::string text = error.what();
    const size_t place = text.find("start ");
    ASSERT_NE(place, std::string::npos) << text;
    const int enough = std::stoi(text.substr(place + 6));
    const auto peak = [&](int num_ranks) {
      return forecast_partition(billions(), options, Method::kMultilevel, num_ranks)
          .bytes_on_host(memory.ranks_on_host);
    };
    EXPECT_LE(peak(enough), memory.host_bytes);
    EXPECT_GT(peak(enough - 1), memory.host_bytes);
  }
}

TEST(Forecast, refuses_what_does_not_fit_with_the_ranks_that_would_do) {
  PartitionOptions options;
  options.num_parts = 64;
  const LaunchMemory memory{.num_ranks = 2, .ranks_on_host = 1, .host_bytes = int64_t{16} << 30};
  expect_refusal_with_the_ranks_that_would_do(options, memory);
  expect_refusal_with_the_ranks_that_would_do(options,
                                              {.num_ranks = 24, .ranks_on_host = 24, .host_bytes = int64_t{48} << 30});
  EXPECT_THROW(require_memory_for_partition(billions(), options, Method::kMetis, memory), Error);
  proto::Dataset small;
  small.set_num_nodes(100);
  EXPECT_NO_THROW(require_memory_for_partition(small, options, Method::kMultilevel, memory));
}

TEST(Method, stands_for_what_fits_the_launch) {
  proto::Dataset small;
  small.set_num_nodes(1000);
  small.set_num_edges(5000);
  constexpr int64_t kPlenty = int64_t{1} << 40;
  PartitionOptions options;
  EXPECT_EQ(resolve_method(options, small, 1, kPlenty), Method::kMetis);
  EXPECT_EQ(resolve_method(options, small, 2, kPlenty), Method::kMultilevel);
  EXPECT_EQ(resolve_method(options, small, 1, 1000), Method::kMultilevel);
  EXPECT_EQ(resolve_method(options, billions(), 1, kPlenty), Method::kMultilevel);
  options.metis_limit = 9999;
  EXPECT_EQ(resolve_method(options, small, 1, kPlenty), Method::kMultilevel);
  options.method = Method::kHash;
  EXPECT_EQ(resolve_method(options, small, 1, kPlenty), Method::kHash);
  options.refine_from = "old";
  EXPECT_THROW(resolve_method(options, small, 1, kPlenty), Error);
  options = {.refine_from = "old"};
  EXPECT_EQ(resolve_method(options, small, 1, kPlenty), Method::kMultilevel);
  EXPECT_EQ(name_of(Method::kMultilevel, options), "REFINED");
  options = {.part_of_node = "parts.npy"};
  EXPECT_EQ(resolve_method(options, small, 1, kPlenty), Method::kGiven);
  options.method = Method::kMetis;
  EXPECT_THROW(resolve_method(options, small, 1, kPlenty), Error);
  options = {.method = Method::kGiven};
  EXPECT_THROW(resolve_method(options, small, 1, kPlenty), Error);
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
