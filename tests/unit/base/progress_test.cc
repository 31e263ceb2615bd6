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

TEST(ProgressText, tells_share_time_left_and_rate) {
  ProgressState state{
      .title = "epoch 3/10", .unit = "steps", .done = 120, .total = 400, .seconds = 60, .note = "loss 1"};
  EXPECT_EQ(progress_text(state),
            "epoch 3/10 120/400 steps [#######.................]  30 %, 2 min 20 s left, 2.0 steps/s, loss 1");
  state.done = 400;
  EXPECT_EQ(progress_text(state), "epoch 3/10 400/400 steps [########################] 100 %, 6.7 steps/s, loss 1");
}

TEST(ProgressText, leaves_what_was_done_before_out_of_the_rate) {
  const ProgressState state{
      .title = "epoch 1/1", .unit = "steps", .done = 120, .total = 130, .before = 110, .seconds = 5, .note = ""};
  EXPECT_EQ(progress_text(state), "epoch 1/1 120/130 steps [######################..]  92 %, 5.0 s left, 2.0 steps/s");
}

TEST(ProgressText, tells_no_rate_before_there_is_one_and_no_share_without_a_total) {
  EXPECT_EQ(progress_text({.title = "work", .unit = "rows", .total = 4, .note = ""}),
            "work 0/4 rows [........................]   0 %");
  EXPECT_EQ(progress_text({.title = "work", .unit = "rows", .done = 4000, .seconds = 2, .note = ""}),
            "work 4,000 rows, 2,000 rows/s");
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
