#include "train/resume_checks.h"

#include <functional>

#include <gtest/gtest.h>

#include "base/error.h"

namespace gigahop::train {
namespace {

using Change = std::function<void(proto::Config&)>;

std::vector<std::string> changes(const Change& change) {
  const proto::Config before;
  proto::Config after = before;
  change(after);
  return changed_settings(before, after);
}

TEST(ResumeChecks, refuse_another_seed_or_batch_size) {
  for (const auto& [setting, change] : {std::pair<std::string, Change>("seed", [](proto::Config& c) { c.set_seed(9); }),
                                        std::pair<std::string, Change>("train.batch_size", [](proto::Config& c) {
                                          c.mutable_train()->set_batch_size(9);
                                        })}) {
    const proto::Config before;
    EXPECT_NO_THROW(require_resumable(before, before));
    proto::Config after;
    change(after);
    try {
      require_resumable(before, after);
      ADD_FAILURE() << setting;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind, ErrorKind::kConfig);
      EXPECT_EQ(std::string(error.what()).find(setting + ": expected"), 0U) << error.what();
    }
  }
}

TEST(ResumeChecks, name_each_setting_that_shapes_the_result) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(changes([](proto::Config&) {}), Names{});
  EXPECT_EQ(changes([](proto::Config& c) { c.mutable_sampler()->set_sample_size(9); }), Names{"sampler"});
  EXPECT_EQ(changes([](proto::Config& c) { c.mutable_model()->set_dropout_encoder(0.1); }), Names{"model"});
  EXPECT_EQ(changes([](proto::Config& c) {
              proto::TrainConfig& train = *c.mutable_train();
              train.set_learning_rate(0.5);
              train.set_weight_decay(0.1);
              train.set_clip_gradient_norm(1);
              train.set_warm_up_steps(7);
              train.set_precision(proto::TrainConfig::BF16);
            }),
            (Names{"train.learning_rate", "train.weight_decay", "train.clip_gradient_norm", "train.warm_up_steps",
                   "train.precision"}));
}

TEST(ResumeChecks, let_a_run_go_further_unless_its_learning_rate_follows_the_length) {
  const auto longer = [](proto::Config& c) { c.mutable_train()->set_epochs(99); };
  EXPECT_TRUE(changes(longer).empty());
  proto::Config before;
  before.mutable_train()->set_schedule(proto::TrainConfig::COSINE);
  proto::Config after = before;
  longer(after);
  EXPECT_EQ(changed_settings(before, after), std::vector<std::string>{"train.epochs"});
  EXPECT_EQ(changed_settings(proto::Config(), before), std::vector<std::string>{"train.schedule"});
}

TEST(ResumeChecks, pass_over_what_only_says_where_and_when) {
  EXPECT_TRUE(changes([](proto::Config& c) {
                c.set_threads(3);
                c.mutable_sampler()->set_batches_ahead(5);
                c.mutable_sampler()->set_sketch_budget_bytes(0);
                c.mutable_sampler()->set_cache_policy(proto::SamplerConfig::DEGREE);
                c.mutable_sampler()->set_cache_bytes(3);
                c.mutable_train()->set_keep_last(9);
              }).empty());
}

}  // namespace
}  // namespace gigahop::train
