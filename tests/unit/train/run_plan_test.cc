#include "train/run_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "sampler/seed_plan.h"
#include "train/memory.h"
#include "train/report_line.h"

namespace gigahop::train {
namespace {

proto::Partition partition_of(const std::vector<int64_t>& train_of_part) {
  proto::Partition partition;
  for (const int64_t num_train : train_of_part) {
    proto::PartSummary& part = *partition.add_parts();
    part.set_num_owned(2 * num_train);
    part.set_num_halo(5);
    part.set_num_edges(20 * num_train);
    part.set_num_train(num_train);
    partition.set_num_train(partition.num_train() + num_train);
    partition.set_num_nodes(partition.num_nodes() + part.num_owned());
    partition.set_num_edges(partition.num_edges() + part.num_edges());
  }
  partition.set_feature_width(16);
  partition.set_num_classes(4);
  return partition;
}

TEST(RunPlan, ends_with_the_epochs_or_with_max_steps) {
  proto::TrainConfig config;
  config.set_epochs(3);
  config.set_batch_size(10);
  const proto::Partition partition = partition_of({7, 0, 18});
  EXPECT_EQ(plan_run(config, partition).num_steps(), 9);
  config.set_max_steps(4);
  EXPECT_EQ(plan_run(config, partition).num_steps(), 4);
  EXPECT_EQ(plan_run(config, partition).num_scheduled_steps(), 9);
  config.set_max_steps(400);
  EXPECT_EQ(plan_run(config, partition).num_steps(), 9);
}

TEST(RunPlan, needs_training_nodes_only_if_it_trains) {
  proto::TrainConfig config;
  EXPECT_THROW(plan_run(config, partition_of({0, 0})), Error);
  config.set_epochs(0);
  EXPECT_EQ(plan_run(config, partition_of({0, 0})).num_steps(), 0);
}

TEST(RunPlan, evaluates_every_so_many_epochs_and_always_at_the_end) {
  const RunPlan every_second{.num_epochs = 5, .steps_per_epoch = 1, .evaluate_every_epochs = 2};
  const RunPlan at_the_end{.num_epochs = 5, .steps_per_epoch = 1, .evaluate_every_epochs = 0};
  std::vector<int64_t> of_second;
  std::vector<int64_t> of_end;
  for (int64_t epoch = 1; epoch <= 5; ++epoch) {
    if (every_second.evaluates_after(epoch)) of_second.push_back(epoch);
    if (at_the_end.evaluates_after(epoch)) of_end.push_back(epoch);
  }
  EXPECT_EQ(of_second, (std::vector<int64_t>{2, 4, 5}));
  EXPECT_EQ(of_end, (std::vector<int64_t>{5}));
}

TEST(RunPlan, the_steps_of_an_epoch_take_each_training_node_once) {
  const proto::Partition partition = partition_of({7, 0, 18, 1});
  for (const int64_t steps : {1, 2, 3, 26}) {
    int64_t sum = 0;
    for (int64_t step = 0; step < steps; ++step) sum += num_seeds_of_step(partition, step, steps);
    EXPECT_EQ(sum, 26);
  }
}

TEST(RunPlan, steps_of_many_equal_parts_take_about_a_batch_each) {
  for (const auto& [num_parts, num_train] : {std::pair<int64_t, int64_t>{64, 20}, {64, 3}, {200, 7}, {1000, 1}}) {
    const proto::Partition partition = partition_of(std::vector<int64_t>(static_cast<size_t>(num_parts), num_train));
    for (const int64_t batch_size : {8, 16, 50}) {
      const int64_t steps = sampler::steps_per_epoch(num_parts * num_train, batch_size);
      for (int64_t step = 0; step < steps; ++step) {
        const int64_t num_seeds = num_seeds_of_step(partition, step, steps);
        EXPECT_GT(num_seeds, 0) << num_parts << " parts, step " << step << " of " << steps;
        EXPECT_NEAR(num_seeds, batch_size, 6) << num_parts << " parts, step " << step << " of " << steps;
      }
    }
  }
}

TEST(Memory, of_a_rank_shrinks_with_the_number_of_ranks) {
  const proto::Partition partition = partition_of({100000, 100000, 100000, 100000});
  const proto::Config config;
  const TrainingMemory one = forecast_training(config, largest_share(config, partition, {0, 0, 0, 0}, 1), nullptr, 1);
  const TrainingMemory four = forecast_training(config, largest_share(config, partition, {0, 1, 2, 3}, 4), nullptr, 1);
  EXPECT_LT(four.total_bytes(), one.total_bytes());
  EXPECT_NEAR(static_cast<double>(four.structure_bytes), static_cast<double>(one.structure_bytes) / 4,
              0.01 * static_cast<double>(one.structure_bytes));
  EXPECT_EQ(four.mapped_bytes, int64_t{200000} * (3 * 16 * 4 + 64 * 4));
  EXPECT_NE(one.describe().find("per rank"), std::string::npos);
}

TEST(ReportLine, leaves_out_what_was_not_measured) {
  proto::Metrics metrics;
  metrics.set_kind("epoch");
  metrics.set_epoch(3);
  metrics.set_loss(0.4312);
  metrics.set_valid_accuracy(0.7913);
  EXPECT_EQ(report_line(metrics, 10), "epoch 3/10  loss 0.4312  valid 79.13 %");
}

}  // namespace
}  // namespace gigahop::train
