#include "train/memory_plan.h"

#include <algorithm>
#include <optional>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "graph/local_graph.h"
#include "graph/partition_folder.h"
#include "train/drawn_batches.h"
#include "train/setup.h"

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

MemoryPlan plan_memory(const comm::Communicator& comm, const proto::Config& config,
                       const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                       int64_t available_bytes, Drawing drawing, Timeline timeline) {
  GraphShare share = largest_share(config, graph::read_partition_manifest(partition_folder), rank_of_part, comm.size());
  share.process_bytes = comm::max_over_ranks(comm, own_memory());
  share.has_timeline = timeline == Timeline::kRecorded;
  const int64_t available = -comm::max_over_ranks(comm, -available_bytes);
  const int threads = num_threads(config);

  MemoryPlan plan;
  plan.memory = forecast_training(config, share, nullptr, threads);
  std::optional<DrawnBatches> drawn;
  if (drawing == Drawing::kAlways || plan.memory.total_bytes() > available) {
    drawn = draw_from_shards(comm, config, partition_folder, rank_of_part);
  }
  const DrawnBatches* batches = drawn.has_value() ? &*drawn : nullptr;
  plan.is_drawn = drawn.has_value();
  plan.memory = forecast_training(config, share, batches, threads);
  plan.fits = plan.memory.total_bytes() <= available;
  plan.largest_batch_size = largest_batch_size(config, share, batches, threads, available);
  return plan;
}

}  // namespace gigahop::train
