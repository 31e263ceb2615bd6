#include "base/progress.h"

#include <gtest/gtest.h>

#include <limits>

namespace gigahop {
namespace {

TEST(WithCommas, groups_by_three) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(-999), "-999");
  EXPECT_EQ(with_commas(-1234567), "-1,234,567");
  EXPECT_EQ(with_commas(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(HumanBytes, picks_the_unit) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(3.4 * 1024 * 1024 * 1024), "3.4 GiB");
}

TEST(HumanDuration, picks_the_units) {
  EXPECT_EQ(human_duration(0.84), "0.8 s");
  EXPECT_EQ(human_duration(41.2), "41 s");
  EXPECT_EQ(human_duration(125), "2 min 5 s");
  EXPECT_EQ(human_duration(3 * 3600 + 240), "3 h 4 min");
}

TEST(Progress, counts_without_a_terminal_and_without_a_total) {
  Progress quiet("work", "rows", 0, Progress::Visibility::kQuiet);
  quiet.advance(3);
  quiet.finish();
  Progress shown("work", "rows", 10);
  shown.advance(10);
  shown.finish();
}

}  // namespace
}  // namespace gigahop
