/// What partitioning will need of memory, and what its shards will need while training, before either starts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "partition/options.h"
#include "proto/dataset.pb.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// Bytes METIS and its copy of the graph take on rank 0: 24 a node and 77 an entry, the most that was measured on
/// power-law and community graphs.
int64_t forecast_metis_bytes(int64_t num_nodes, int64_t num_entries);

/// Error{kData} if that exceeds the memory of this machine (or of its control group).
void check_memory_for_metis(int64_t num_nodes, int64_t num_entries);

struct PartitionForecast {
  int64_t bytes_per_rank = 0;   // the largest of the ranks other than 0: rows of a block, a part being written, buffers
  int64_t bytes_on_rank_0 = 0;  // the same with METIS; equal to bytes_per_rank without
};
/// Upper bounds: duplicates of edges.npy are counted as if they stayed. Pure.
PartitionForecast forecast_partition(const proto::Dataset& dataset, const PartitionOptions& options, int num_ranks);

struct RankForecast {
  int64_t structure_bytes = 0;  // rows, halo, ids and labels that training holds in memory
  int64_t mapped_bytes = 0;     // tokens and positional encodings of the owned nodes: mapped, cached as memory allows
};
/// One for each rank. token_bytes: of one token element, 2 or 4. Pure.
std::vector<RankForecast> forecast_training(const proto::Partition& partition, std::span<const int32_t> rank_of_part,
                                            int num_ranks, int positional_width, int token_bytes);

}  // namespace gigahop::partition
