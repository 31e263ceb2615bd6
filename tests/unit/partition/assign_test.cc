// Parts to ranks.
#include "partition/assign.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/random.h"

namespace gigahop::partition {
namespace {

/// A ring of parts that talk to their neighbours, with these owned nodes.
proto::Partition ring(const std::vector<int64_t>& num_owned) {
  proto::Partition partition;
  const auto num_parts = static_cast<int>(num_owned.size());
  partition.set_num_parts(num_parts);
  partition.set_seed(1);
  for (int part = 0; part < num_parts; ++part) {
    partition.add_parts()->set_num_owned(num_owned[static_cast<size_t>(part)]);
    partition.mutable_parts(part)->set_num_train(num_owned[static_cast<size_t>(part)] / 2);
    if (part + 1 == num_parts) break;
    proto::QuotientEdge* edge = partition.add_quotient();
    edge->set_a(part);
    edge->set_b(part + 1);
    edge->set_weight(100);
  }
  return partition;
}

TEST(Assign, gives_every_rank_a_part_for_any_number_of_ranks) {
  for (int num_parts = 1; num_parts <= 24; ++num_parts) {
    std::vector<int64_t> sizes;
    for (int part = 0; part < num_parts; ++part) sizes.push_back(static_cast<int64_t>(scatter(part + 1U) % 1000));
    for (int num_ranks = 1; num_ranks <= num_parts; ++num_ranks) {
      const std::vector<int32_t> ranks = assign_parts(ring(sizes), num_ranks);
      EXPECT_EQ(std::set<int32_t>(ranks.begin(), ranks.end()).size(), static_cast<size_t>(num_ranks));
      EXPECT_EQ(ranks, assign_parts(ring(sizes), num_ranks));
    }
  }
}

TEST(Assign, is_the_identity_with_one_part_per_rank) {
  std::vector<int32_t> identity(8);
  std::iota(identity.begin(), identity.end(), 0);
  EXPECT_EQ(assign_parts(ring(std::vector<int64_t>(8, 10)), 8), identity);
}

TEST(Assign, serves_parts_without_nodes) {
  const std::vector<int32_t> ranks = assign_parts(ring({3, 0, 0, 0}), 3);
  EXPECT_EQ(std::set<int32_t>(ranks.begin(), ranks.end()).size(), 3U);
}

TEST(Assign, keeps_parts_that_talk_together_and_ranks_equal) {
  const std::vector<int32_t> ranks = assign_parts(ring(std::vector<int64_t>(64, 100)), 4);
  int64_t cut = 0;
  std::vector<int64_t> counts(4);
  for (size_t part = 0; part < ranks.size(); ++part) {
    ++counts[static_cast<size_t>(ranks[part])];
    if (part > 0) cut += ranks[part] == ranks[part - 1] ? 0 : 1;
  }
  EXPECT_LE(*std::max_element(counts.begin(), counts.end()), 17);
  EXPECT_LE(cut, 12);
}

TEST(Assign, refuses_more_ranks_than_parts) {
  try {
    assign_parts(ring({1, 2}), 3);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kConfig);
  }
}

}  // namespace
}  // namespace gigahop::partition
