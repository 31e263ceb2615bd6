#include "train/schedule.h"

#include <gtest/gtest.h>

namespace gigahop::train {
namespace {

proto::TrainConfig config_of(proto::TrainConfig::Schedule schedule, int32_t warm_up_steps) {
  proto::TrainConfig config;
  config.set_learning_rate(0.5);
  config.set_schedule(schedule);
  config.set_warm_up_steps(warm_up_steps);
  return config;
}

TEST(Schedule, constant_stays) {
  const proto::TrainConfig config = config_of(proto::TrainConfig::CONSTANT, 0);
  for (const int64_t step : {0, 1, 50, 1000}) EXPECT_EQ(learning_rate(config, step, 100), 0.5);
}

TEST(Schedule, rises_linearly_over_the_warm_up_and_reaches_the_rate_at_its_last_step) {
  for (const auto schedule : {proto::TrainConfig::CONSTANT, proto::TrainConfig::COSINE}) {
    const proto::TrainConfig config = config_of(schedule, 4);
    EXPECT_DOUBLE_EQ(learning_rate(config, 0, 100), 0.125);
    EXPECT_DOUBLE_EQ(learning_rate(config, 1, 100), 0.25);
    EXPECT_DOUBLE_EQ(learning_rate(config, 3, 100), 0.5);
    EXPECT_DOUBLE_EQ(learning_rate(config, 4, 100), 0.5);
  }
}

TEST(Schedule, cosine_falls_from_the_rate_to_zero_and_is_symmetric_about_the_middle) {
  const proto::TrainConfig config = config_of(proto::TrainConfig::COSINE, 10);
  EXPECT_DOUBLE_EQ(learning_rate(config, 10, 110), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(config, 60, 110), 0.25);
  EXPECT_NEAR(learning_rate(config, 35, 110) + learning_rate(config, 85, 110), 0.5, 1e-15);
  EXPECT_NEAR(learning_rate(config, 110, 110), 0, 1e-15);
  EXPECT_NEAR(learning_rate(config, 200, 110), 0, 1e-15);
}

TEST(Schedule, a_run_shorter_than_its_warm_up_is_all_warm_up) {
  const proto::TrainConfig config = config_of(proto::TrainConfig::COSINE, 100);
  EXPECT_DOUBLE_EQ(learning_rate(config, 9, 10), 0.05);
}

}  // namespace
}  // namespace gigahop::train
