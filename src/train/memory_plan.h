/// Whether a training fits, decided once before it begins and alike on all ranks.
#pragma once

#include <cstdint>
#include <filesystem>
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

/// available_bytes: for this rank; the least of all decides. The same on all ranks. Collective.
/// Errors  those of opening the shards
/// Cost    with drawing that of train/drawn_batches.h and of opening the shards, whose memory is given back
MemoryPlan plan_memory(const comm::Communicator& comm, const proto::Config& config,
                       const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                       int64_t available_bytes, Drawing drawing, Timeline timeline);

}  // namespace gigahop::train
