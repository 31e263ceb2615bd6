#include "train/trainer.h"

#include "train/memory_plan.h"
#include "train/training_run.h"
#include "train/with_device.h"

namespace gigahop::train {

TrainResult train(const comm::Communicator& comm, const proto::Config& config,
                  const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                  const std::filesystem::path& run_folder, const TrainOptions& options) {
#if defined(GIGAHOP_WITH_CUDA)
  if (options.forecast.has_value()) explain_out_of_memory("; " + describe_device_need(*options.forecast));
#endif
  return with_device(comm, config, [&]<class Device>(Device& device) {
    return TrainingRun<Device>(device, comm, config, partition_folder, rank_of_part, run_folder, options).run();
  });
}

}  // namespace gigahop::train
