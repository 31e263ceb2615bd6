/// The plan of the local encoder's chunks on CUDA.
#include <gtest/gtest.h>

#include "ops/cuda/encoder_lists.h"

namespace gigahop::ops::cuda {
namespace {

/// Each chunk as its seeds: where a chunk begins, and the end of the last.
std::vector<int64_t> bounds(const std::vector<EncoderChunk>& chunks) {
  std::vector<int64_t> result = {0};
  for (const EncoderChunk& chunk : chunks) {
    EXPECT_EQ(chunk.first_seed, result.back());
    result.push_back(chunk.first_seed + chunk.num_seeds);
  }
  return result;
}

TEST(EncoderChunks, cover_the_seeds_in_order_within_the_tokens_or_one_by_one) {
  const std::vector<int32_t> offsets = {0, 2, 2, 4, 9, 9, 10};  // 6, 0, 6, 15, 0, 3 tokens
  EXPECT_EQ(bounds(plan_chunks(offsets, 30)), (std::vector<int64_t>{0, 6}));
  EXPECT_EQ(bounds(plan_chunks(offsets, 12)), (std::vector<int64_t>{0, 3, 5, 6}));
  EXPECT_EQ(bounds(plan_chunks(offsets, 6)), (std::vector<int64_t>{0, 2, 3, 5, 6}));
  EXPECT_EQ(bounds(plan_chunks(offsets, 0)), (std::vector<int64_t>{0, 2, 3, 5, 6}));
}

TEST(EncoderChunks, know_their_entries_and_the_longest_list) {
  const std::vector<int32_t> offsets = {7, 9, 9, 11, 16};
  const std::vector<EncoderChunk> chunks = plan_chunks(offsets, 12);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0].first_entry, 7);
  EXPECT_EQ(chunks[0].num_entries, 4);
  EXPECT_EQ(chunks[0].max_entries, 2);
  EXPECT_EQ(chunks[1].first_entry, 11);
  EXPECT_EQ(chunks[1].num_entries, 5);
  EXPECT_EQ(chunks[1].max_entries, 5);
}

TEST(EncoderChunks, are_one_without_seeds_and_as_many_as_a_grid_needs) {
  const std::vector<EncoderChunk> none = plan_chunks(std::vector<int32_t>{0}, 12);
  ASSERT_EQ(none.size(), 1U);
  EXPECT_EQ(none[0].num_seeds, 0);
  EXPECT_EQ(bounds(plan_chunks(std::vector<int32_t>(100001), 12)), (std::vector<int64_t>{0, 65535, 100000}));
}

}  // namespace
}  // namespace gigahop::ops::cuda
