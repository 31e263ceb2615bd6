#include "train/trainer.h"

#include "tensor/cpu.h"
#include "train/training_run.h"

namespace gigahop::train {

TrainResult train(const comm::Communicator& comm, const proto::Config& config,
                  const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                  const std::filesystem::path& run_folder, const TrainOptions& options) {
  return TrainingRun<Cpu>(comm, config, partition_folder, rank_of_part, run_folder, options).run();
}

}  // namespace gigahop::train
