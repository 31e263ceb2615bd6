/// The course of a training run as arithmetic: how many steps, which epochs are evaluated, which steps are saved. Pure.
#pragma once

#include <cstdint>

#include "proto/config.pb.h"
#include "proto/partition.pb.h"

namespace gigahop::train {

struct RunPlan {
  int64_t num_epochs = 0;
  int64_t steps_per_epoch = 0;
  int64_t evaluate_every_epochs = 1;   // 0 = only at the end
  int64_t checkpoint_every_steps = 0;  // 0 = only with evaluations
  int64_t max_steps = 0;               // 0 = no limit

  /// Steps of the whole schedule, whatever max_steps says: what the learning rate is planned for.
  int64_t num_scheduled_steps() const { return num_epochs * steps_per_epoch; }
  /// Steps after which the run ends.
  int64_t num_steps() const;
  /// After `epoch` epochs are done.
  bool evaluates_after(int64_t epoch) const;
  /// After `step` steps are done and the epoch goes on.
  bool saves_within_epoch(int64_t step) const;
};

/// Error{kData} if there is nothing to train on, though epochs are asked for.
RunPlan plan_run(const proto::TrainConfig& config, const proto::Partition& partition);

/// Seeds of one step of an epoch over all ranks.
int64_t num_seeds_of_step(const proto::Partition& partition, int64_t step_in_epoch, int64_t steps_per_epoch);

}  // namespace gigahop::train
