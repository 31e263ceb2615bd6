/// What training will need on a rank, before it begins: for --dry-run, and to refuse what cannot fit.
///
/// Two ways to tell: an upper bound from sizes alone, and, where a few batches were drawn (train/drawn_batches.h), what
/// they showed with a margin. The bound is good enough where it fits.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "proto/config.pb.h"
#include "proto/partition.pb.h"
#include "train/drawn_batches.h"

namespace gigahop::train {

/// A graph, and the part of it that one rank has.
struct GraphShare {
  int64_t num_nodes = 0;        // N
  int64_t num_total_edges = 0;  // E
  int64_t num_total_train = 0;
  int num_ranks = 1;
  int64_t num_owned = 0;
  int64_t num_halo = 0;
  int64_t num_edges = 0;
  int64_t num_train = 0;
  int64_t feature_width = 0;     // F
  int64_t positional_width = 0;  // G
  int64_t num_classes = 0;       // C
  int64_t process_bytes = 0;     // that the process holds before it begins: MPI, libraries
  bool has_timeline = false;     // one is recorded
};

/// The largest of each number over the ranks: an upper bound for all of them. Halos of parts of one rank are counted as
/// if they shared nothing. Pure.
GraphShare largest_share(const proto::Config& config, const proto::Partition& partition,
                         const std::vector<int32_t>& rank_of_part, int num_ranks);

/// One of the numbers below, as people read it.
struct MemoryPiece {
  std::string_view what;
  int64_t bytes = 0;
};

struct TrainingMemory {
  int64_t mapped_bytes = 0;     // tokens and encodings on disk, mapped: page cache that can be given back, not in total
  int64_t process_bytes = 0;    // MPI and libraries, threads
  int64_t structure_bytes = 0;  // rows, edges, halo, labels, splits, codes
  int64_t loading_bytes = 0;    // sketches, directory, buffers
  int64_t cache_bytes = 0;      // token rows of other ranks' nodes
  int64_t batches_bytes = 0;    // batches made ready
  int64_t model_bytes = 0;      // parameters, gradients, activations, codebook, scratch
  int64_t optimizer_bytes = 0;
  int64_t pinned_rows_bytes = 0;   // token rows of this rank's nodes that a GPU reads here
  int64_t checkpoint_bytes = 0;    // the snapshot being written; rank 0 has the largest
  int64_t trace_bytes = 0;         // the timeline, where one is recorded
  int64_t opening_bytes = 0;       // before the first batch alone: counts where it is more than batches and model
  int64_t device_bytes = 0;        // of the GPU's memory, where the model is there: not in total; of these:
  int64_t device_rows_bytes = 0;   // token rows of this rank's nodes
  int64_t device_cache_bytes = 0;  // token rows of other ranks' nodes

  int64_t total_bytes() const;
  /// What makes up the total, but for opening_bytes.
  std::vector<MemoryPiece> pieces() const;
  /// One line for each, for people.
  std::string describe() const;
};

/// What operations on a GPU may use while they run, and products of it; less on a GPU of little memory.
inline constexpr int64_t kDeviceScratchBytes = int64_t{1} << 30;
inline constexpr int64_t kDeviceWorkspaceBytes = int64_t{32} << 20;

/// Over the largest of the batches drawn, for those that were not.
inline constexpr double kDrawnMargin = 0.05;

/// drawn: null gives the upper bound. Pure.
TrainingMemory forecast_training(const proto::Config& config, const GraphShare& share, const DrawnBatches* drawn,
                                 int num_threads);

/// What a rank may take.
struct AvailableMemory {
  int64_t host_bytes = 0;
  int64_t device_bytes = std::numeric_limits<int64_t>::max();  // of its GPU
};

bool fits(const TrainingMemory& memory, const AvailableMemory& available);

/// The largest batch_size, up to that of the settings, with which training needs at most what is available;
/// evaluation_batch_size is taken as no larger. 0: not even a batch of one fits. Pure.
int64_t largest_batch_size(const proto::Config& config, const GraphShare& share, const DrawnBatches* drawn,
                           int num_threads, const AvailableMemory& available);

}  // namespace gigahop::train
