#include "graph/csr.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "base/random.h"

namespace gigahop::graph {
namespace {

TEST(BuildCsr, drops_loops_and_duplicates_and_sorts_columns) {
  std::vector<std::pair<int64_t, int64_t>> pairs = {{6, 9}, {5, 5}, {6, 2}, {6, 9}, {5, 7}, {5, 5}, {8, 0}};
  const Csr<int64_t> csr = build_csr(pairs, 5, 4);
  EXPECT_EQ(csr.row_offsets, (std::vector<int64_t>{0, 1, 3, 3, 4}));
  EXPECT_EQ(csr.column_ids, (std::vector<int64_t>{7, 2, 9, 0}));
}

TEST(BuildCsr, is_empty_without_pairs_or_rows) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  EXPECT_EQ(build_csr(pairs, 3, 2).row_offsets, (std::vector<int64_t>{0, 0, 0}));
  EXPECT_EQ(build_csr(pairs, 0, 0).view().num_rows(), 0);
}

TEST(BuildCsr, refuses_a_source_that_is_no_row) {
  std::vector<std::pair<int64_t, int64_t>> pairs = {{7, 1}};
  EXPECT_THROW(build_csr(pairs, 5, 2), Error);
  EXPECT_THROW(build_csr(pairs, 8, 2), Error);
}

TEST(BuildCsr, agrees_with_sets_on_random_pairs) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  std::map<int64_t, std::set<int64_t>> sets;
  for (uint64_t i = 0; i < 2000; ++i) {
    const RandomWords words = random_words({3}, Purpose::kTest, 0, i, 0);
    pairs.emplace_back(words[0] % 40, words[1] % 40);
    if (pairs.back().first != pairs.back().second) sets[pairs.back().first].insert(pairs.back().second);
  }
  const Csr<int64_t> csr = build_csr(pairs, 0, 40);
  for (int64_t row = 0; row < 40; ++row) {
    const auto neighbours = csr.view().neighbours(row);
    EXPECT_TRUE(std::equal(neighbours.begin(), neighbours.end(), sets[row].begin(), sets[row].end()));
  }
}

}  // namespace
}  // namespace gigahop::graph
