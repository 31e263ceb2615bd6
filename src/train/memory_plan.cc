#include "train/memory_plan.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "graph/local_graph.h"
#include "graph/partition_folder.h"
#include "train/drawn_batches.h"
#include "train/setup.h"

#if defined(GIGAHOP_WITH_CUDA)
#include "tensor/cuda.h"
#endif

namespace gigahop::train {
namespace {

/// Nothing where a shard of any rank is not encoded yet.
std::optional<DrawnBatches> draw_from_shards(const comm::Communicator& comm, const proto::Config& config,
                                             const std::filesystem::path& partition_folder,
                                             const std::vector<int32_t>& rank_of_part) {
  std::optional<DrawnBatches> drawn;
  {
    std::optional<graph::LocalGraph> graph;
    comm::agree(comm, [&] { graph.emplace(partition_folder, rank_of_part, comm.rank()); });
    const bool is_encoded =
        std::ranges::all_of(graph->shards(), [](const graph::Shard& shard) { return shard.manifest().has_encoding(); });
    if (comm::sum_over_ranks(comm, int64_t{is_encoded ? 1 : 0}) == comm.size()) {
      drawn = draw_batches(comm, config, *graph);
    }
  }
  release_freed_memory();
  return drawn;
}

}  // namespace

int64_t free_device_memory([[maybe_unused]] const comm::Communicator& comm,
                           [[maybe_unused]] const proto::Config& config) {
  int64_t free_bytes = AvailableMemory().device_bytes;
#if defined(GIGAHOP_WITH_CUDA)
  comm::agree(comm, [&] {
    if (config.device() != proto::Config::CUDA || comm.rank_on_host() >= num_devices()) return;
    free_bytes = memory_of_device(comm.rank_on_host()).free_bytes;
  });
#endif
  return free_bytes;
}

MemoryPlan plan_memory(const comm::Communicator& comm, const proto::Config& config,
                       const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                       const AvailableMemory& available, Drawing drawing, Timeline timeline) {
  GraphShare share = largest_share(config, graph::read_partition_manifest(partition_folder), rank_of_part, comm.size());
  share.process_bytes = comm::max_over_ranks(comm, own_memory());
  share.has_timeline = timeline == Timeline::kRecorded;
  const AvailableMemory least = {.host_bytes = -comm::max_over_ranks(comm, -available.host_bytes),
                                 .device_bytes = -comm::max_over_ranks(comm, -available.device_bytes)};
  const int threads = num_threads(config);

  MemoryPlan plan;
  plan.memory = forecast_training(config, share, nullptr, threads);
  std::optional<DrawnBatches> drawn;
  if (drawing == Drawing::kAlways || !fits(plan.memory, least)) {
    drawn = draw_from_shards(comm, config, partition_folder, rank_of_part);
  }
  const DrawnBatches* batches = drawn.has_value() ? &*drawn : nullptr;
  plan.is_drawn = drawn.has_value();
  plan.memory = forecast_training(config, share, batches, threads);
  plan.fits = fits(plan.memory, least);
  plan.largest_batch_size = largest_batch_size(config, share, batches, threads, least);
  return plan;
}

std::string describe_device_need(const MemoryPlan& plan) {
  const std::string need =
      fmt::format("training is forecast to need {} {} of the GPU's memory", plan.is_drawn ? "about" : "at most",
                  human_bytes(static_cast<double>(plan.memory.device_bytes)));
  if (plan.largest_batch_size == 0)
    return need + "; no batch fits: set sampler.device_rows_bytes to 0, or use more GPUs";
  return need + fmt::format("; the largest train.batch_size that fits is {}", plan.largest_batch_size);
}

void require_device_memory(const comm::Communicator& comm, const MemoryPlan& plan, int64_t free_bytes) {
  comm::agree(comm, [&] {
    if (plan.memory.device_bytes <= free_bytes) return;
    throw Error(ErrorKind::kDevice, fmt::format("out of memory: {} are free on CUDA device {} of {}; {}",
                                                human_bytes(static_cast<double>(free_bytes)), comm.rank_on_host(),
                                                comm.host(), describe_device_need(plan)));
  });
}

}  // namespace gigahop::train
