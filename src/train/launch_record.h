/// RUN/launch.textproto: what a training was started with, for those who look at the run from outside.
#pragma once

#include <filesystem>
#include <optional>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "proto/config.pb.h"
#include "proto/metrics.pb.h"
#include "train/memory_plan.h"
#include "train/run_plan.h"

namespace gigahop::train {

inline constexpr char kLaunchFile[] = "launch.textproto";

/// forecast: may be none. Collective: the hosts of all ranks.
proto::Launch describe_launch(const comm::Communicator& comm, const proto::Config& config,
                              const graph::LocalGraph& graph, const RunPlan& plan,
                              const std::optional<MemoryPlan>& forecast);

/// Error{kData} if the folder cannot be written.
void write_launch(const std::filesystem::path& run_folder, const proto::Launch& launch);

/// Nothing if the run has not begun. Error{kData} for a file that is no such text.
std::optional<proto::Launch> read_launch(const std::filesystem::path& run_folder);

}  // namespace gigahop::train
