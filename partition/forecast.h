/// What partitioning will need of memory and disk, phase by phase, and what its shards will need while training, before
/// either starts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "partition/options.h"
#include "proto/dataset.pb.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// Bytes METIS and its copy of the graph take on rank 0.
int64_t forecast_metis_bytes(int64_t num_nodes, int64_t num_entries);

/// Error{kData} if that exceeds the memory of this machine (or of its control group).
void check_memory_for_metis(int64_t num_nodes, int64_t num_entries);

/// Bytes of the heaviest rank in each phase, the process itself included.
struct PartitionForecast {
  int64_t reading_bytes = 0;
  int64_t partitioning_bytes = 0;
  int64_t partitioning_bytes_with_metis = 0;  // where METIS runs: rank 0, under MULTILEVEL the first rank of each host
  int64_t writing_bytes = 0;
  int64_t disk_bytes = 0;  // of the partition folder

  /// Where METIS does not run.
  int64_t peak_bytes() const;
  int64_t peak_bytes_with_metis() const;
  /// Of all ranks on a host, METIS on one of them.
  int64_t bytes_on_host(int ranks_on_host) const {
    return peak_bytes_with_metis() + (ranks_on_host - 1) * peak_bytes();
  }
};
/// Duplicates of edges.npy are counted as if they stayed, and node ids are taken to be in random order, which makes the
/// halo of a block as large as it gets. method: resolved. Pure.
PartitionForecast forecast_partition(const proto::Dataset& dataset, const PartitionOptions& options, Method method,
                                     int num_ranks);

/// The memory of a launch: `ranks_on_host` of the ranks share `host_bytes`.
struct LaunchMemory {
  int num_ranks = 1;
  int ranks_on_host = 1;
  int64_t host_bytes = 0;
};
/// Error{kConfig} if the ranks of a host need more than it has, with the number of ranks, as many on each host, that
/// would do.
void require_memory_for_partition(const proto::Dataset& dataset, const PartitionOptions& options, Method method,
                                  const LaunchMemory& memory);

struct RankForecast {
  int64_t structure_bytes = 0;  // rows, halo, ids and labels that training holds in memory
  int64_t mapped_bytes = 0;     // tokens and positional encodings of the owned nodes: mapped, cached as memory allows
};
/// One for each rank. token_bytes: of one token element, 2 or 4. Pure.
std::vector<RankForecast> forecast_training(const proto::Partition& partition, std::span<const int32_t> rank_of_part,
                                            int num_ranks, int positional_width, int token_bytes);

}  // namespace gigahop::partition
