#include "partition/forecast.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"

namespace gigahop::partition {
namespace {

constexpr int64_t kMetisBytesPerNode = 24;
constexpr int64_t kMetisBytesPerEntry = 77;

}  // namespace

int64_t forecast_metis_bytes(int64_t num_nodes, int64_t num_entries) {
  return kMetisBytesPerNode * num_nodes + kMetisBytesPerEntry * num_entries;
}

void check_memory_for_metis(int64_t num_nodes, int64_t num_entries) {
  const int64_t needed = forecast_metis_bytes(num_nodes, num_entries);
  const int64_t available = memory_of_host();
  if (needed <= available) return;
  throw data_error(
      "partition", fmt::format("{} of memory on rank 0 for METIS", human_bytes(static_cast<double>(needed))),
      human_bytes(static_cast<double>(available)), "use a machine with more, or partition.method=MULTILEVEL");
}

PartitionForecast forecast_partition(const proto::Dataset& dataset, const PartitionOptions& options, int num_ranks) {
  const int64_t num_nodes = dataset.num_nodes();
  const int64_t symmetric_entries = 2 * dataset.num_edges();
  const int64_t entries = options.direction == Direction::kSymmetrised ? symmetric_entries : dataset.num_edges();
  const int64_t block = num_nodes / num_ranks + 1;
  const int64_t rows = 8 * (entries / num_ranks) + 56 * block;
  const int64_t part = 32 * (entries / options.num_parts) + 64 * (num_nodes / options.num_parts + 1);
  PartitionForecast forecast;
  forecast.bytes_per_rank = rows + part + 6 * options.chunk_bytes;
  if (options.method == Method::kMetis && options.direction == Direction::kDirected) {
    forecast.bytes_per_rank += 8 * (symmetric_entries / num_ranks);
  }
  forecast.bytes_on_rank_0 = forecast.bytes_per_rank;
  if (options.method == Method::kMetis) {
    forecast.bytes_on_rank_0 =
        std::max(forecast.bytes_per_rank, rows + forecast_metis_bytes(num_nodes, symmetric_entries));
  }
  return forecast;
}

std::vector<RankForecast> forecast_training(const proto::Partition& partition, std::span<const int32_t> rank_of_part,
                                            int num_ranks, int positional_width, int token_bytes) {
  std::vector<RankForecast> forecasts(static_cast<size_t>(num_ranks));
  const int64_t mapped_per_node = int64_t{3} * partition.feature_width() * token_bytes + int64_t{4} * positional_width;
  for (int part = 0; part < partition.num_parts(); ++part) {
    const proto::PartSummary& summary = partition.parts(part);
    RankForecast& rank = forecasts[rank_of_part[static_cast<size_t>(part)]];
    rank.structure_bytes += 24 * summary.num_owned() + 12 * summary.num_halo() + 4 * summary.num_edges();
    rank.mapped_bytes += mapped_per_node * summary.num_owned();
  }
  return forecasts;
}

}  // namespace gigahop::partition
