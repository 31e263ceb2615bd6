/// Whether a training fits, decided once before it begins and alike on all ranks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "proto/config.pb.h"
#include "train/memory.h"

namespace gigahop::train {

/// kIfNeeded draws batches only where the upper bound does not fit.
enum class Drawing { kAlways, kIfNeeded };
enum class Timeline { kNone, kRecorded };

struct MemoryPlan {
  TrainingMemory memory;  // of the heaviest rank
  bool is_drawn =
      false;  // from batches, about right; else an upper bound: shards that are not encoded yet, or it fits as it is
  int64_t largest_batch_size = 0;  // that fits, up to that of the settings; 0: none
  bool fits = false;
};

/// Free memory of the GPU that is this rank's; no limit where the settings ask for none, or none is at hand.
///
/// Collective. Errors Error{kDevice}
int64_t free_device_memory(const comm::Communicator& comm, const proto::Config& config);

/// available: for this rank; the least of all decides. The same on all ranks. Collective.
/// Errors  those of opening the shards
/// Cost    with drawing that of train/drawn_batches.h and of opening the shards, whose memory is given back
MemoryPlan plan_memory(const comm::Communicator& comm, const proto::Config& config,
                       const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                       const AvailableMemory& available, Drawing drawing, Timeline timeline);

/// What the plan needs of a GPU and the largest batch that fits, in words.
std::string describe_device_need(const MemoryPlan& plan);

/// Error{kDevice} on all ranks if the GPU of one has less free than the plan needs of it, naming host and GPU of the
/// first of them. Collective.
void require_device_memory(const comm::Communicator& comm, const MemoryPlan& plan, int64_t free_bytes);

}  // namespace gigahop::train
