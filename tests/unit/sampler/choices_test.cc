/// Priorities, the k lowest of a stream, sequences and lists, draws from the whole graph.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sampler/independent.h"
#include "sampler/lowest.h"
#include "sampler/priority.h"
#include "sampler/row_lists.h"
#include "sampler/sample_lists.h"
#include "sampler/scan.h"

namespace gigahop::sampler {
namespace {

uint64_t draw(uint64_t i, uint32_t element = 0) {
  return random_bits({7}, Purpose::kTest, 0, i, element);
}

std::vector<int64_t> values(std::span<const OriginalId> ids) {
  std::vector<int64_t> result;
  for (const OriginalId id : ids) result.push_back(id.value);
  return result;
}

TEST(Priority, gives_back_the_node_it_was_made_of) {
  for (uint64_t i = 0; i < 1000; ++i) {
    const PriorityKey key = shared_key({i}, static_cast<int64_t>(i), 0, List::kTwoSteps);
    const OriginalId id(static_cast<int64_t>(draw(i) >> 8));
    EXPECT_EQ(node_of(key, priority(key, id)), id);
  }
}

TEST(Priority, differs_by_salt_list_and_seed_of_the_run) {
  std::set<uint64_t> masks;
  for (uint64_t run = 0; run < 3; ++run) {
    for (int64_t salt = 0; salt < 3; ++salt) {
      for (const List list : {List::kNeighbours, List::kTwoSteps, List::kWholeGraph}) {
        masks.insert(shared_key({run}, salt, 0, list).mask);
        masks.insert(key_of_seed({run}, salt, list, OriginalId(0)).mask);
        masks.insert(key_of_seed({run}, salt, list, OriginalId(1)).mask);
      }
    }
  }
  EXPECT_EQ(masks.size(), 3U * 3 * 3 * 3);
}

TEST(Lowest, finds_what_sorting_finds) {
  for (const int64_t k : {1, 2, 7, 50}) {
    Lowest lowest(k);
    for (const uint64_t length : {0, 1, 6, 7, 64, 1000, 5000}) {
      for (const uint64_t kinds : {uint64_t{3}, uint64_t{100}, ~uint64_t{0}}) {
        lowest.clear();
        std::set<uint64_t> sorted;
        for (uint64_t i = 0; i < length; ++i) {
          const uint64_t value = draw(i, static_cast<uint32_t>(length)) % kinds;
          lowest.add(value);
          sorted.insert(value);
        }
        std::vector<uint64_t> expected(sorted.begin(), sorted.end());
        if (expected.size() > static_cast<size_t>(k)) expected.resize(static_cast<size_t>(k));
        const auto found = lowest.result();
        EXPECT_EQ(std::vector<uint64_t>(found.begin(), found.end()), expected);
      }
    }
  }
}

TEST(Lowest, goes_on_after_a_result_and_keeps_the_largest_number) {
  Lowest lowest(3);
  lowest.add(~uint64_t{0});
  EXPECT_EQ(lowest.result().size(), 1U);
  lowest.add_ascending(std::vector<uint64_t>{5, 9, 11});
  EXPECT_EQ(lowest.result().back(), 11U);
  lowest.add_ascending(std::vector<uint64_t>{1, 2, 40});
  const auto found = lowest.result();
  EXPECT_EQ(std::vector<uint64_t>(found.begin(), found.end()), (std::vector<uint64_t>{1, 2, 5}));
}

TEST(Lowest, of_a_row_is_found_where_the_likely_bound_excludes_too_much) {
  const PriorityKey key{5};
  std::vector<OriginalId> ids;
  std::vector<LocalId> rows;
  std::vector<uint64_t> all;
  for (uint64_t i = 0; i < 1000; ++i) {
    // The upper half alone, but for two.
    all.push_back(i < 2 ? i : draw(i) | uint64_t{1} << 63);
    ids.push_back(node_of(key, all.back()));
    rows.emplace_back(static_cast<int32_t>(i));
  }
  EXPECT_LT(likely_bound(4, 1000), uint64_t{1} << 63);
  std::sort(all.begin(), all.end());
  Lowest lowest(4);
  lowest.add(0);
  add_first_rows(rows, ids, key, lowest);
  const auto found = lowest.result();
  EXPECT_EQ(std::vector<uint64_t>(found.begin(), found.end()), std::vector<uint64_t>(all.begin(), all.begin() + 4));
}

TEST(Lowest, of_many_streams_are_apart_and_go_on_where_they_were) {
  LowestOfMany many(2, 2);
  Lowest lowest(2);
  many.load(1, lowest);
  lowest.add(7);
  many.store(1, lowest);
  many.load(0, lowest);
  EXPECT_TRUE(lowest.result().empty());
  many.load(1, lowest);
  for (const uint64_t value : {9, 8, 3}) lowest.add(value);
  many.store(1, lowest);
  EXPECT_TRUE(many.of(0).empty());
  EXPECT_EQ(many.of(1).front(), 3U);
  EXPECT_EQ(many.of(1).back(), 7U);
}

TEST(RowLists, keep_what_the_budget_allows_and_give_it_back) {
  ListBudget budget{.limit_bytes = int64_t{1} << 20};
  RowLists lists(budget);
  EXPECT_EQ(lists.find(0), nullptr);
  uint64_t kept = 0;
  for (; uint64_t* list = lists.add(kept << 20, 10); ++kept) {
    for (uint64_t j = 0; j < 10; ++j) list[j] = 10 * kept + j;
    EXPECT_LE(budget.used_bytes, budget.limit_bytes);
    // What is there, and a block that has just begun.
    EXPECT_LE(static_cast<int64_t>(80 * (kept + 1)), budget.used_bytes);
  }
  EXPECT_GT(80 * kept, uint64_t{1} << 18);
  EXPECT_EQ(lists.add(7, 10), nullptr);
  for (uint64_t i = 0; i < kept; ++i) {
    const uint64_t* list = lists.find(i << 20);
    for (uint64_t j = 0; j < 10; ++j) EXPECT_EQ(list[j], 10 * i + j);
  }
  EXPECT_EQ(lists.find(8), nullptr);
  {
    // What is left is for all that share the budget, and no more than that.
    RowLists others(budget);
    uint64_t key = 0;
    while (others.add(key, RowLists::kLongestList) != nullptr) ++key;
    EXPECT_LT(key, uint64_t{16});
    EXPECT_LE(budget.used_bytes, budget.limit_bytes);
  }
  lists.clear();
  EXPECT_EQ(budget.used_bytes, 0);
  EXPECT_EQ(lists.find(7), nullptr);
  EXPECT_NE(lists.add(7, 10), nullptr);
}

TEST(RowLists, come_to_about_what_a_forecast_says) {
  ListBudget budget{.limit_bytes = int64_t{1} << 40};
  RowLists lists(budget);
  for (uint64_t i = 0; i < 100000; ++i) lists.add(i, 49);
  EXPECT_LT(static_cast<double>(budget.used_bytes), 1.02 * 100000 * static_cast<double>(RowLists::bytes_of(49)));
  EXPECT_GT(static_cast<double>(budget.used_bytes), 0.9 * 100000 * static_cast<double>(RowLists::bytes_of(49)));
}

TEST(Sequence, merges_two_lists_and_repeats_them_by_ascending_priority) {
  const PriorityKey first{11};
  const PriorityKey second{12};
  std::vector<uint64_t> one = {priority(first, OriginalId(4)), priority(first, OriginalId(5))};
  std::vector<uint64_t> two = {priority(second, OriginalId(4)), priority(second, OriginalId(6))};
  std::sort(one.begin(), one.end());
  std::sort(two.begin(), two.end());
  std::vector<std::pair<uint64_t, int64_t>> all;
  for (const uint64_t p : one) all.emplace_back(p, node_of(first, p).value);
  for (const uint64_t p : two) all.emplace_back(p, node_of(second, p).value);
  std::sort(all.begin(), all.end());
  for (size_t length = 1; length <= 11; ++length) {
    std::vector<OriginalId> sequence(length);
    fill_sequence(one, first, two, second, sequence);
    for (size_t i = 0; i < length; ++i) EXPECT_EQ(sequence[i].value, all[i % all.size()].second);
  }
}

TEST(Sequence, takes_the_first_list_first_where_priorities_are_equal) {
  const std::vector<uint64_t> same = {17};
  std::vector<OriginalId> sequence(1);
  fill_sequence(same, {1}, same, {2}, sequence);
  EXPECT_EQ(sequence[0], node_of({1}, 17));
}

TEST(SampleLists, put_the_seed_first_and_count_repeats) {
  ListBuffer buffer(2, 6);
  std::vector<OriginalId> sequence = {OriginalId(9), OriginalId(3), OriginalId(5), OriginalId(9), OriginalId(2)};
  buffer.write(0, OriginalId(5), sequence);
  sequence.assign(5, OriginalId(7));
  buffer.write(1, OriginalId(7), sequence);
  const SampleLists lists = buffer.pack();
  EXPECT_EQ(lists.offsets, (std::vector<int32_t>{0, 4, 5}));
  EXPECT_EQ(values(lists.ids), (std::vector<int64_t>{5, 2, 3, 9, 7}));
  EXPECT_EQ(lists.counts, (std::vector<int32_t>{2, 1, 1, 2, 6}));
}

TEST(DistinctNodes, are_numbered_by_ascending_original_id) {
  SampleLists lists;
  std::set<int64_t> expected;
  for (uint64_t s = 0; s < 3000; ++s) {
    lists.ids.emplace_back(static_cast<int64_t>(draw(s) % 500) * 1000003);
    expected.insert(lists.ids.back().value);
  }
  const DistinctNodes nodes = number_distinct_nodes(lists);
  EXPECT_EQ(values(nodes.ids), std::vector<int64_t>(expected.begin(), expected.end()));
  for (size_t s = 0; s < lists.ids.size(); ++s) EXPECT_EQ(nodes.ids[nodes.sample_nodes[s]], lists.ids[s]);
  EXPECT_TRUE(number_distinct_nodes({}).ids.empty());
}

TEST(WholeGraphDraws, are_distinct_and_uniform) {
  // Two sizes: one drawn with rejection, one by ordering all nodes.
  for (const int64_t num_nodes : {60, 25}) {
    constexpr int64_t kLength = 19;
    constexpr int64_t kTrials = 4000;
    std::vector<double> times(static_cast<size_t>(num_nodes), 0.0);
    for (int64_t trial = 0; trial < kTrials; ++trial) {
      std::vector<OriginalId> sequence(kLength);
      draw_from_whole_graph({3}, trial, OriginalId(trial % 7), num_nodes, sequence);
      const std::vector<int64_t> drawn = values(sequence);
      EXPECT_EQ(std::set<int64_t>(drawn.begin(), drawn.end()).size(), static_cast<size_t>(kLength));
      for (const int64_t id : drawn) ++times.at(static_cast<size_t>(id));
    }
    const double share = static_cast<double>(kLength) / static_cast<double>(num_nodes);
    const auto nodes = static_cast<double>(num_nodes);
    double chi_square = 0;
    for (const double t : times) {
      chi_square += (t - kTrials * share) * (t - kTrials * share) / (kTrials * share * (1 - share));
    }
    chi_square *= (nodes - 1) / nodes;
    EXPECT_LT(chi_square, nodes - 1 + 4 * std::sqrt(2 * nodes));
    EXPECT_GT(chi_square, nodes - 1 - 4 * std::sqrt(2 * nodes));
  }
}

TEST(WholeGraphDraws, repeat_all_nodes_where_the_graph_is_smaller_than_the_sample) {
  std::vector<OriginalId> sequence(10);
  draw_from_whole_graph({3}, 0, OriginalId(1), 4, sequence);
  std::map<int64_t, int> times;
  for (size_t i = 0; i < sequence.size(); ++i) {
    ++times[sequence[i].value];
    EXPECT_EQ(sequence[i], sequence[i % 4]);
  }
  EXPECT_EQ(times.size(), 4U);
}

}  // namespace
}  // namespace gigahop::sampler
