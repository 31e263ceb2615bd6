#include "report/run_follower.h"

#include <fstream>

#include <gtest/gtest.h>

#include "train/metrics_log.h"

namespace gigahop::report {
namespace {

namespace fs = std::filesystem;

class RunFollowerTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }

  /// Replaces metrics.jsonl.
  void write(const std::string& text) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / train::kMetricsFile) << text;
  }

  std::vector<int64_t> look() {
    news_ = follower_.look();
    std::vector<int64_t> steps;
    for (const proto::Metrics& line : news_.lines) steps.push_back(line.step());
    return steps;
  }

  using Steps = std::vector<int64_t>;
  const fs::path folder_ = fs::path(testing::TempDir()) / "run_follower_test";
  RunFollower follower_{folder_};
  RunFollower::News news_;
};

const std::string kFirst = "{\"kind\":\"epoch\",\"step\":\"10\",\"loss\":1}\n";
const std::string kSecond = "{\"kind\":\"epoch\",\"step\":\"20\",\"loss\":0.5}\n";
const std::string kSummary = "{\"kind\":\"summary\",\"step\":\"20\"}\n";

TEST_F(RunFollowerTest, tells_each_line_once_from_before_the_run_begins_to_its_end) {
  EXPECT_EQ(look(), Steps{});
  write(kFirst + kSecond.substr(0, 12));
  EXPECT_EQ(look(), Steps{10});
  EXPECT_EQ(look(), Steps{});
  write(kFirst + kSecond);
  EXPECT_EQ(look(), Steps{20});
  EXPECT_FALSE(news_.has_ended);
  write(kFirst + kSecond + kSummary);
  EXPECT_EQ(look(), Steps{20});
  EXPECT_TRUE(news_.has_ended);
  EXPECT_FALSE(news_.is_taken_back);
}

TEST_F(RunFollowerTest, notices_that_a_run_was_resumed_before_what_it_told) {
  write(kFirst + kSecond + kSummary);
  look();
  write(kFirst);
  EXPECT_EQ(look(), Steps{});
  EXPECT_TRUE(news_.is_taken_back);
  EXPECT_FALSE(news_.has_ended);
  write(kFirst + kSecond);
  EXPECT_EQ(look(), Steps{20});
  EXPECT_FALSE(news_.is_taken_back);
}

TEST_F(RunFollowerTest, notices_that_a_line_has_changed) {
  write(kFirst + kSecond);
  look();
  write(kFirst + "{\"kind\":\"epoch\",\"step\":\"20\",\"loss\":0.75}\n");
  EXPECT_EQ(look(), Steps{20});
  EXPECT_TRUE(news_.is_taken_back);
}

TEST(LongSilence, is_a_minute_or_three_epochs) {
  EXPECT_EQ(long_silence(0), 60);
  EXPECT_EQ(long_silence(100), 300);
}

}  // namespace
}  // namespace gigahop::report
