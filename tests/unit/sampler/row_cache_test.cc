/// Slots of kept nodes against a linear search, and rows that outlive a renewal.
#include "sampler/row_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "sampler/cache_choice.h"

namespace gigahop::sampler {
namespace {

std::vector<OriginalId> random_ids(int64_t count, int64_t below, uint32_t draw) {
  std::set<OriginalId> ids;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t bits = random_bits({3}, Purpose::kTest, draw, static_cast<uint64_t>(i), 0);
    ids.insert(OriginalId(static_cast<int64_t>(bits % static_cast<uint64_t>(below))));
  }
  return {ids.begin(), ids.end()};
}

void write_own_id(RowCache& cache, const std::vector<OriginalId>& ids, const std::vector<int64_t>& fresh) {
  for (const int64_t place : fresh) {
    const OriginalId id = ids[place];
    const std::vector<int32_t> slot = cache.find(std::span(&id, 1));
    std::copy_n(reinterpret_cast<const std::byte*>(&id), sizeof id, cache.row(slot[0]));
  }
}

TEST(RowCache, finds_the_nodes_it_keeps_and_no_others) {
  for (const int64_t kept : {0, 1, 2, 7, 100, 900}) {
    for (const int64_t asked : {0, 1, 3, 50, 900}) {
      const std::vector<OriginalId> ids = random_ids(kept, 1000, 1);
      const std::vector<OriginalId> questions = random_ids(asked, 1000, 2);
      RowCache cache(kept, sizeof(OriginalId));
      write_own_id(cache, ids, cache.replace(ids));
      const std::vector<int32_t> slots = cache.find(questions);
      for (size_t u = 0; u < questions.size(); ++u) {
        const bool is_kept = std::find(ids.begin(), ids.end(), questions[u]) != ids.end();
        EXPECT_EQ(slots[u] >= 0, is_kept);
        if (!is_kept) continue;
        EXPECT_TRUE(std::equal(cache.row(slots[u]), cache.row(slots[u]) + sizeof(OriginalId),
                               reinterpret_cast<const std::byte*>(&questions[u])));
      }
    }
  }
}

TEST(RowCache, keeps_the_rows_of_nodes_that_stay_and_names_those_that_are_new) {
  RowCache cache(300, sizeof(OriginalId));
  std::vector<OriginalId> before;
  for (uint32_t draw = 0; draw < 20; ++draw) {
    const std::vector<OriginalId> ids = random_ids(300, 600, draw);
    const std::vector<int64_t> fresh = cache.replace(ids);
    EXPECT_EQ(cache.ids().size(), ids.size());
    for (const int64_t place : fresh) EXPECT_FALSE(std::ranges::binary_search(before, ids[place]));
    std::vector<OriginalId> common;
    std::ranges::set_intersection(ids, before, std::back_inserter(common));
    EXPECT_EQ(fresh.size() + common.size(), ids.size());
    write_own_id(cache, ids, fresh);
    const std::vector<int32_t> slots = cache.find(ids);
    EXPECT_EQ(std::set<int32_t>(slots.begin(), slots.end()).size(), ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      EXPECT_TRUE(std::equal(cache.row(slots[i]), cache.row(slots[i]) + sizeof(OriginalId),
                             reinterpret_cast<const std::byte*>(&ids[i])));
    }
    before = ids;
  }
}

TEST(AccessCounts, prefer_what_most_batches_want_and_keep_the_rest_where_there_is_room) {
  AccessCounts counts;
  const std::vector<OriginalId> often = {OriginalId(5), OriginalId(9)};
  const std::vector<OriginalId> once = {OriginalId(2), OriginalId(5), OriginalId(7)};
  const std::vector<Location> remote(3, Location{1, 0});
  const std::vector<Location> one_is_mine = {{1, 0}, {1, 0}, {0, 0}};
  for (int batch = 0; batch < 3; ++batch) counts.add(often, std::span(remote).first(2), 0);
  counts.add(once, one_is_mine, 0);
  const std::vector<OriginalId> kept = {OriginalId(2), OriginalId(100)};
  counts.add_kept(kept);
  EXPECT_EQ(AccessCounts(counts).choose(1), std::vector{OriginalId(5)});
  EXPECT_EQ(AccessCounts(counts).choose(3), (std::vector{OriginalId(2), OriginalId(5), OriginalId(9)}));
  EXPECT_EQ(AccessCounts(counts).choose(9),
            (std::vector{OriginalId(2), OriginalId(5), OriginalId(9), OriginalId(100)}));
  EXPECT_TRUE(AccessCounts().choose(4).empty());
}

}  // namespace
}  // namespace gigahop::sampler
