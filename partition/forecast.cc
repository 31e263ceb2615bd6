#include "partition/forecast.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "partition/choose_parts.h"
#include "partition/chunks.h"
#include "partition/multilevel/multilevel.h"

namespace gigahop::partition {
namespace {

/// Bytes per node n, adjacency entry e, halo node h of a rank's block, and chunk byte c. Sizes of arrays are those of
/// the code named; the others were measured as said.
constexpr double kProcess = 30 << 20;  // program, libraries and MPI of a rank on an empty graph: measured, Open MPI 4.1
// edge_blocks.cc: row_offsets and the places to fill; 64-bit columns; of a chunk ends, entries sent and received.
constexpr double kPlacedPerNode = 16;
constexpr double kPlacedPerEntry = 8;
constexpr double kPlacedPerChunk = 64.0 / 24;
// distributed_graph.cc, localise_columns: row_offsets; columns before and after; the list of halo ids while it grows.
constexpr double kLocalisedPerNode = 8;
constexpr double kLocalisedPerEntry = 12;
constexpr double kLocalisedPerHalo = 16;
// DistributedGraph: row_offsets, copy_offsets; columns; halo ids, ranks and places of the copies elsewhere.
constexpr double kGraphPerNode = 16;
constexpr double kGraphPerEntry = 4;
constexpr double kGraphPerHalo = 16;
// NodeAttributes: split, and the label where there are labels.
constexpr double kSplitPerNode = 1;
constexpr double kLabelPerNode = 8;
// The part, and the weights of three constraints where there are any.
constexpr double kChosenPerNode = 4;
constexpr double kWeightsPerNode = 12;
// multilevel/, all that is held while it runs; fitted to R-MAT 20 and two block models of a million nodes in 8 and 64
// parts on 1, 2, 4 and 7 ranks, by tests/bench/partition/compare.py. More parts have smaller clusters, which contract
// to more edges. Remote entries, those that cross between blocks, travel when levels are contracted. Meshes contract to
// less and take about two thirds of this.
constexpr double kMultilevelPerNode = 40;
constexpr double kMultilevelPerEntry = 10;
constexpr double kMultilevelPerEntryAndDoubling = 2.67;  // of the number of parts
constexpr double kMultilevelPerHalo = 19;
constexpr double kMultilevelPerRemoteEntry = 10.5;
// METIS and its copy of the graph: the most that was measured on power-law and community graphs.
constexpr double kMetisPerNode = 24;
constexpr double kMetisPerEntry = 77;
// multilevel/coarsest.cc: what the first rank of a host holds for each entry of the coarsest level, METIS and its
// recursive bisections included; and the levels that wait meanwhile. Measured likewise.
constexpr double kCoarsestPerEntryAndDoubling = 10;
constexpr double kCoarserPerEntry = 4;
// Block, HaloScan: new id, row of the part, stamp; new id, degree, stamp; and new ids sent for each copy.
constexpr double kBlockPerNode = 14;
constexpr double kBlockPerHalo = 14;
constexpr double kNumberedPerHalo = 8;
// write_parts.cc: records sent and received; halo of a part while it is collected; keys sent, received and translated.
constexpr double kRecordPerNode = 24;
constexpr double kPartHaloPerNode = 32;
constexpr double kKeysPerChunk = 2.5;
// node_rows.cc: rows read, sorted and received.
constexpr double kWideRowsPerChunk = 3;

/// Distinct nodes out of `candidates` that `draws` uniform draws from `all` name.
double expected_distinct(double candidates, double draws, double all) {
  return candidates * -std::expm1(-draws / all);
}

/// The sizes that the model is made of.
struct Extents {
  Extents(const proto::Dataset& dataset, const PartitionOptions& options, Direction direction, int num_ranks)
      : num_nodes(static_cast<double>(dataset.num_nodes())),
        num_entries(static_cast<double>(dataset.num_edges()) * (direction == Direction::kSymmetrised ? 2 : 1)),
        owners(
            count_owners(dataset.num_nodes(), static_cast<int64_t>(num_entries), options.entries_of_rank, num_ranks)),
        nodes(num_nodes / owners),
        entries(num_entries / owners),
        halo(expected_distinct(num_nodes - nodes, entries, num_nodes)),
        part_nodes(num_nodes / options.num_parts),
        part_halo(expected_distinct(num_nodes - part_nodes, num_entries / options.num_parts, num_nodes)) {}

  double num_nodes, num_entries;
  int owners;                    // ranks that have a block
  double nodes, entries, halo;   // of each
  double part_nodes, part_halo;  // of a part
};

double graph_bytes(const Extents& extents) {
  return kGraphPerNode * extents.nodes + kGraphPerEntry * extents.entries + kGraphPerHalo * extents.halo;
}

double reading_bytes(const proto::Dataset& dataset, const Extents& extents, const PartitionOptions& options,
                     int num_ranks) {
  const int64_t share = 24 * dataset.num_edges() / num_ranks;
  const auto chunk = static_cast<double>(bounded_chunk(options.chunk_bytes, share));
  const double placed = kPlacedPerNode * extents.nodes + kPlacedPerEntry * extents.entries + kPlacedPerChunk * chunk;
  const double localised =
      kLocalisedPerNode * extents.nodes + kLocalisedPerEntry * extents.entries + kLocalisedPerHalo * extents.halo;
  return std::max(placed, localised);
}

double writing_bytes(const proto::Dataset& dataset, const Extents& extents, const PartitionOptions& options,
                     int num_ranks) {
  const auto share = static_cast<int64_t>(8 * extents.entries);
  const auto chunk = static_cast<double>(bounded_chunk(options.chunk_bytes, share));
  const double in_wave = std::min(1.0, static_cast<double>(num_ranks) / options.num_parts);
  const double part = kRecordPerNode * (extents.part_nodes + in_wave * extents.nodes) +
                      kPartHaloPerNode * extents.part_halo + kKeysPerChunk * chunk;
  const double structure = graph_bytes(extents) + kBlockPerNode * extents.nodes + kBlockPerHalo * extents.halo +
                           std::max(kNumberedPerHalo * extents.halo, part);
  const auto row_bytes = static_cast<int64_t>(4 * std::max(dataset.feature_width(), dataset.positional_width()));
  const auto block = static_cast<int64_t>(extents.nodes) * row_bytes;
  return std::max(structure, kWideRowsPerChunk * static_cast<double>(bounded_chunk(options.chunk_bytes, block)));
}

int64_t disk_bytes(const proto::Dataset& dataset, const Extents& extents, int num_parts) {
  const bool has_features = dataset.feature_width() > 0;
  double element_bytes = 0;
  for (const proto::ArrayRecord& record : dataset.arrays()) {
    if (has_features && record.file() == "features.npy" && record.bytes() > 0) {
      element_bytes =
          static_cast<double>(record.bytes()) / (extents.num_nodes * static_cast<double>(dataset.feature_width()));
    }
  }
  // original_ids, row_offsets, part_of_node; columns; halo_ids and degrees_halo; splits.
  double bytes = 20 * extents.num_nodes + 4 * extents.num_entries + 12 * extents.part_halo * num_parts +
                 4 * static_cast<double>(dataset.num_train() + dataset.num_valid() + dataset.num_test());
  if (dataset.num_classes() > 0) bytes += kLabelPerNode * extents.num_nodes;
  bytes += extents.num_nodes * (element_bytes * static_cast<double>(dataset.feature_width()) +
                                4 * static_cast<double>(dataset.positional_width()));
  return static_cast<int64_t>(bytes);
}

/// The smallest number of ranks that would do, as many on each host; nothing if there is none.
std::optional<int> ranks_that_fit(const proto::Dataset& dataset, const PartitionOptions& options, Method method,
                                  const LaunchMemory& memory) {
  constexpr int kMostRanks = 1 << 20;
  const auto fits = [&](int num_ranks) {
    const PartitionForecast forecast = forecast_partition(dataset, options, method, num_ranks);
    return forecast.bytes_on_host(memory.ranks_on_host) <= memory.host_bytes;
  };
  int too_few = memory.num_ranks;
  int enough = 2 * memory.num_ranks;
  while (enough <= kMostRanks && !fits(enough)) {
    too_few = enough;
    enough *= 2;
  }
  if (enough > kMostRanks) return std::nullopt;
  while (enough - too_few > 1) {
    const int middle = (too_few + enough) / 2;
    (fits(middle) ? enough : too_few) = middle;
  }
  return enough;
}

}  // namespace

int64_t forecast_metis_bytes(int64_t num_nodes, int64_t num_entries) {
  return static_cast<int64_t>(kMetisPerNode * static_cast<double>(num_nodes) +
                              kMetisPerEntry * static_cast<double>(num_entries));
}

void check_memory_for_metis(int64_t num_nodes, int64_t num_entries) {
  const int64_t needed = forecast_metis_bytes(num_nodes, num_entries);
  const int64_t available = memory_of_host();
  if (needed <= available) return;
  throw data_error(
      "partition", fmt::format("{} of memory on rank 0 for METIS", human_bytes(static_cast<double>(needed))),
      human_bytes(static_cast<double>(available)), "use a machine with more, or partition.method=MULTILEVEL");
}

int64_t PartitionForecast::peak_bytes() const {
  return std::max({reading_bytes, partitioning_bytes, writing_bytes});
}

int64_t PartitionForecast::peak_bytes_with_metis() const {
  return std::max(peak_bytes(), partitioning_bytes_with_metis);
}

PartitionForecast forecast_partition(const proto::Dataset& dataset, const PartitionOptions& options, Method method,
                                     int num_ranks) {
  const Extents shards(dataset, options, options.direction, num_ranks);
  const Extents read(dataset, options, needs_edges(method) ? Direction::kSymmetrised : options.direction, num_ranks);
  const double attributes = kProcess + (kSplitPerNode + (dataset.num_classes() > 0 ? kLabelPerNode : 0)) * read.nodes;
  const double held =
      attributes + graph_bytes(read) + (kChosenPerNode + (needs_edges(method) ? kWeightsPerNode : 0)) * read.nodes;
  PartitionForecast forecast;
  forecast.reading_bytes = static_cast<int64_t>(kProcess + reading_bytes(dataset, read, options, num_ranks));
  forecast.partitioning_bytes = static_cast<int64_t>(held);
  forecast.partitioning_bytes_with_metis = forecast.partitioning_bytes;
  if (method == Method::kMultilevel) {
    const double doublings = std::log2(std::max(2, options.num_parts));
    const double remote_entries = read.entries * (read.owners - 1) / read.owners;
    forecast.partitioning_bytes =
        static_cast<int64_t>(kProcess + kMultilevelPerNode * read.nodes +
                             (kMultilevelPerEntry + kMultilevelPerEntryAndDoubling * doublings) * read.entries +
                             kMultilevelPerHalo * read.halo + kMultilevelPerRemoteEntry * remote_entries);
    const auto num_entries = static_cast<int64_t>(read.num_entries);
    const auto gathered = static_cast<double>(std::min(num_entries, most_metis_entries(num_entries)));
    const double coarsest =
        held + kCoarserPerEntry * read.entries + kCoarsestPerEntryAndDoubling * doublings * gathered;
    forecast.partitioning_bytes_with_metis = forecast.partitioning_bytes;
    if (!options.refine_from.has_value()) {
      forecast.partitioning_bytes_with_metis = std::max(forecast.partitioning_bytes, static_cast<int64_t>(coarsest));
    }
  }
  if (method == Method::kMetis) {
    forecast.partitioning_bytes_with_metis +=
        forecast_metis_bytes(dataset.num_nodes(), static_cast<int64_t>(read.num_entries));
  }
  forecast.writing_bytes = static_cast<int64_t>(attributes + writing_bytes(dataset, shards, options, num_ranks));
  forecast.disk_bytes = disk_bytes(dataset, shards, options.num_parts);
  return forecast;
}

void require_memory_for_partition(const proto::Dataset& dataset, const PartitionOptions& options, Method method,
                                  const LaunchMemory& memory) {
  const PartitionForecast forecast = forecast_partition(dataset, options, method, memory.num_ranks);
  const int64_t needed = forecast.bytes_on_host(memory.ranks_on_host);
  if (needed <= memory.host_bytes) return;
  const std::optional<int> enough = ranks_that_fit(dataset, options, method, memory);
  const auto bytes = [](int64_t count) { return human_bytes(static_cast<double>(count)); };
  throw config_error(
      "partition: memory", fmt::format("{} for {} ranks on a host", bytes(needed), memory.ranks_on_host),
      bytes(memory.host_bytes),
      enough.has_value()
          ? fmt::format("start {} ranks, at most {} on a host like this one", *enough, memory.ranks_on_host)
          : fmt::format("no number of ranks would do: use fewer on a host{}",
                        method == Method::kMetis ? ", or partition.method=MULTILEVEL" : ""));
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
