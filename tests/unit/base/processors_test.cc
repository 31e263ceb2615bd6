#include "base/processors.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace gigahop {
namespace {

/// first, first + 1, ..., last.
Processors range(int32_t first, int32_t last) {
  Processors processors(static_cast<size_t>(last - first + 1));
  std::iota(processors.begin(), processors.end(), first);
  return processors;
}

const std::vector<Processors> kTwoNodes = {range(0, 3), range(4, 7)};

TEST(Processors, finds_the_processors_of_every_numa_node) {
  EXPECT_EQ(numa_nodes("numa:2 core:4 pu:1"), kTwoNodes);
  EXPECT_EQ(numa_nodes("numa:3 core:1 pu:2"), (std::vector<Processors>{{0, 1}, {2, 3}, {4, 5}}));
}

TEST(Processors, nodes_of_memory_alone_have_no_processors_of_their_own) {
  EXPECT_EQ(numa_nodes("pack:1 [numa] [numa] core:4 pu:1"), std::vector<Processors>{range(0, 3)});
}

TEST(Processors, those_of_a_core_stand_side_by_side) {
  // Numbered as most systems do: first one of each core, then the other.
  EXPECT_EQ(numa_nodes("numa:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)"),
            (std::vector<Processors>{{0, 4, 1, 5}, {2, 6, 3, 7}}));
  const auto placements = place_ranks({{0, 4, 1, 5}, {2, 6, 3, 7}}, std::vector<Processors>(4, range(0, 7)));
  EXPECT_EQ(placements[0].processors, (Processors{0, 4}));
  EXPECT_EQ(placements[3].processors, (Processors{3, 7}));
}

TEST(Processors, without_nodes_ranks_keep_what_they_are_bound_to) {
  const auto placements = place_ranks({}, {range(0, 3), range(0, 3)});
  EXPECT_EQ(placements[1].processors, range(0, 3));
  EXPECT_EQ(placements[1].num_threads, 2);
  EXPECT_FALSE(placements[1].is_new);
}

TEST(Processors, knows_this_machine_and_what_this_thread_is_bound_to) {
  const std::vector<Processors> nodes = numa_nodes();
  ASSERT_FALSE(nodes.empty());
  std::set<int32_t> all;
  for (const Processors& node : nodes) all.insert(node.begin(), node.end());
  const Processors bound = bound_processors();
  ASSERT_FALSE(bound.empty());
  for (const int32_t id : bound) EXPECT_TRUE(all.contains(id)) << id;
}

TEST(Processors, binds_this_thread) {
  const Processors before = bound_processors();
  ASSERT_FALSE(before.empty());
  EXPECT_TRUE(bind_to({before.back()}));
  EXPECT_EQ(bound_processors(), Processors{before.back()});
  EXPECT_TRUE(bind_to(before));
  EXPECT_EQ(bound_processors(), before);
}

TEST(Processors, a_rank_alone_has_all_of_its_processors) {
  const auto placements = place_ranks(kTwoNodes, {range(0, 7)});
  EXPECT_EQ(placements[0].num_threads, 8);
  EXPECT_FALSE(placements[0].is_new);
}

TEST(Processors, free_ranks_share_a_host_of_one_node_unbound) {
  for (const Placement& placement : place_ranks({range(0, 7)}, {range(0, 7), range(0, 7), range(0, 7)})) {
    EXPECT_EQ(placement.processors, range(0, 7));
    EXPECT_EQ(placement.num_threads, 2);
    EXPECT_FALSE(placement.is_new);
  }
}

TEST(Processors, free_ranks_are_spread_over_nodes) {
  const auto placements = place_ranks(kTwoNodes, {range(0, 7), range(0, 7), {}, {}});
  const std::vector<Processors> expected = {range(0, 1), range(2, 3), range(4, 5), range(6, 7)};
  for (size_t rank = 0; rank < expected.size(); ++rank) {
    EXPECT_EQ(placements[rank].processors, expected[rank]);
    EXPECT_EQ(placements[rank].num_threads, 2);
    EXPECT_TRUE(placements[rank].is_new);
  }
}

TEST(Processors, fewer_ranks_than_nodes_have_whole_nodes) {
  const auto placements = place_ranks({{0, 4}, {1, 5}, {2, 6}, {3, 7}}, {range(0, 7), range(0, 7)});
  EXPECT_EQ(placements[0].processors, (Processors{0, 1, 4, 5}));
  EXPECT_EQ(placements[1].processors, (Processors{2, 3, 6, 7}));
}

TEST(Processors, what_the_launcher_bound_stands_and_is_shared_where_ranks_share_it) {
  const auto placements = place_ranks(kTwoNodes, {range(0, 3), range(0, 3), range(4, 7), {7}});
  EXPECT_EQ(placements[0].processors, range(0, 3));
  EXPECT_EQ(placements[0].num_threads, 2);
  EXPECT_EQ(placements[1].num_threads, 2);
  EXPECT_EQ(placements[2].processors, range(4, 7));
  EXPECT_EQ(placements[2].num_threads, 3);  // three for itself and half of the fourth
  EXPECT_EQ(placements[3].num_threads, 1);
  for (const Placement& placement : placements) EXPECT_FALSE(placement.is_new);
}

TEST(Processors, every_rank_has_a_thread_where_there_are_more_ranks_than_processors) {
  const std::vector<Processors> bound(10, range(0, 3));
  const auto placements = place_ranks({{0, 1}, {2, 3}}, bound);
  for (size_t rank = 0; rank < placements.size(); ++rank) {
    EXPECT_EQ(placements[rank].num_threads, 1);
    EXPECT_EQ(placements[rank].processors.size(), 1U);
    EXPECT_EQ(placements[rank].processors[0], static_cast<int32_t>(rank * 4 / 10));
  }
}

}  // namespace
}  // namespace gigahop
