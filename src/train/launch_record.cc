#include "train/launch_record.h"

#include <chrono>
#include <span>

#include "array/manifest.h"
#include "comm/collectives.h"
#include "train/setup.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

void add_memory(const MemoryPlan& plan, proto::Launch& launch) {
  const auto add = [&](std::string_view what, int64_t bytes, bool is_mapped) {
    proto::MemoryForecast& piece = *launch.add_memory();
    piece.set_what(std::string(what));
    piece.set_bytes(bytes);
    piece.set_is_mapped(is_mapped);
  };
  for (const MemoryPiece& piece : plan.memory.pieces()) add(piece.what, piece.bytes, false);
  add("mapped from disk, reclaimable", plan.memory.mapped_bytes, true);
  launch.set_is_memory_drawn(plan.is_drawn);
}

}  // namespace

proto::Launch describe_launch(const comm::Communicator& comm, const proto::Config& config,
                              const graph::LocalGraph& graph, const RunPlan& plan,
                              const std::optional<MemoryPlan>& forecast) {
  proto::Launch launch;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  launch.set_began_unix_seconds(std::chrono::duration<double>(now).count());
  launch.set_gigahop_version(GIGAHOP_VERSION);
  const fs::path partition_folder = graph.shards().front().folder().parent_path();
  launch.set_partition_folder(fs::absolute(partition_folder).lexically_normal().string());
  const comm::Gathered hosts = comm::all_gather_varied_bytes(comm, std::as_bytes(std::span(comm.host())));
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto* first = reinterpret_cast<const char*>(hosts.bytes.data());
    launch.add_hosts(std::string(first + hosts.offsets[rank], first + hosts.offsets[rank + 1]));
  }
  launch.set_num_threads(num_threads(config));
  launch.set_num_epochs(plan.num_epochs);
  launch.set_num_steps(plan.num_steps());
  if (forecast.has_value()) add_memory(*forecast, launch);
  return launch;
}

void write_launch(const fs::path& run_folder, const proto::Launch& launch) {
  array::write_text_proto(run_folder / kLaunchFile, launch);
}

std::optional<proto::Launch> read_launch(const fs::path& run_folder) {
  const fs::path file = run_folder / kLaunchFile;
  if (!fs::exists(file)) return std::nullopt;
  proto::Launch launch;
  array::read_text_proto(file, launch);
  return launch;
}

}  // namespace gigahop::train
