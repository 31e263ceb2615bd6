#include "train/run_plan.h"

#include <algorithm>

#include "base/error.h"
#include "sampler/seed_plan.h"

namespace gigahop::train {

int64_t RunPlan::num_steps() const {
  return max_steps > 0 ? std::min(max_steps, num_scheduled_steps()) : num_scheduled_steps();
}

bool RunPlan::evaluates_after(int64_t epoch) const {
  return epoch == num_epochs || (evaluate_every_epochs > 0 && epoch % evaluate_every_epochs == 0);
}

bool RunPlan::saves_within_epoch(int64_t step) const {
  return step == num_steps() || (checkpoint_every_steps > 0 && step % checkpoint_every_steps == 0);
}

RunPlan plan_run(const proto::TrainConfig& config, const proto::Partition& partition) {
  if (partition.num_train() == 0 && config.epochs() > 0) {
    throw data_error(partition.dataset(), "training nodes", "none", "give the dataset a train split");
  }
  return {.num_epochs = config.epochs(),
          .steps_per_epoch = sampler::steps_per_epoch(partition.num_train(), config.batch_size()),
          .evaluate_every_epochs = config.evaluate_every_epochs(),
          .checkpoint_every_steps = config.checkpoint_every_steps(),
          .max_steps = config.max_steps()};
}

int64_t num_seeds_of_step(const proto::Partition& partition, int64_t step_in_epoch, int64_t steps_per_epoch) {
  int64_t sum = 0;
  for (int part = 0; part < partition.parts_size(); ++part) {
    const int64_t num_train = partition.parts(part).num_train();
    sum += sampler::first_seed_of_step(part, num_train, step_in_epoch + 1, steps_per_epoch) -
           sampler::first_seed_of_step(part, num_train, step_in_epoch, steps_per_epoch);
  }
  return sum;
}

}  // namespace gigahop::train
