#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/trace.h"
#include "comm/agree.h"
#include "graph/dataset_folder.h"
#include "graph/partition_folder.h"
#include "launch/output_place.h"
#include "launch/stages.h"
#include "partition/assign.h"
#include "partition/choose_parts.h"
#include "partition/forecast.h"
#include "partition/partition_dataset.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

partition::Method method_of(proto::PartitionConfig::Method method) {
  switch (method) {
    case proto::PartitionConfig::AUTO:
      return partition::Method::kAuto;
    case proto::PartitionConfig::MULTILEVEL:
      return partition::Method::kMultilevel;
    case proto::PartitionConfig::METIS:
      return partition::Method::kMetis;
    case proto::PartitionConfig::HASH:
      return partition::Method::kHash;
    case proto::PartitionConfig::GIVEN:
      return partition::Method::kGiven;
  }
  throw Error(ErrorKind::kInternal, "a method of the configuration is one of its enum");
}

partition::Balance balance_of(proto::PartitionConfig::Balance balance) {
  switch (balance) {
    case proto::PartitionConfig::TRAINING:
      return partition::Balance::kTraining;
    case proto::PartitionConfig::EVALUATION:
      return partition::Balance::kEvaluation;
    case proto::PartitionConfig::NODES:
      return partition::Balance::kNodes;
  }
  throw Error(ErrorKind::kInternal, "a balance of the configuration is one of its enum");
}

partition::PartitionOptions partition_options(const proto::Config& config, const fs::path& dataset,
                                              const fs::path& output, PendingFolder::Existing existing) {
  const proto::PartitionConfig& settings = config.partition();
  return {.dataset_folder = dataset,
          .output_folder = output,
          .existing = existing,
          .num_parts = settings.num_parts(),
          .method = method_of(settings.method()),
          .part_of_node = settings.part_of_node(),
          .refine_from = {},
          .direction = settings.directed() ? partition::Direction::kDirected : partition::Direction::kSymmetrised,
          .imbalance = settings.imbalance(),
          .balance = balance_of(settings.balance()),
          .seed = config.seed(),
          .chunk_bytes = settings.chunk_bytes()};
}

void print_forecast(const partition::PartitionOptions& options, partition::Method method, int num_ranks,
                    const partition::PartitionForecast& forecast) {
  const auto bytes = [](int64_t count) { return human_bytes(static_cast<double>(count)); };
  fmt::print("partition {}: {} parts by {}, {} ranks; at most, on each rank\n", options.output_folder.string(),
             options.num_parts, partition::name_of(method, options), num_ranks);
  fmt::print("  reading       {}\n", bytes(forecast.reading_bytes));
  fmt::print("  partitioning  {}", bytes(forecast.partitioning_bytes));
  if (forecast.partitioning_bytes_with_metis > forecast.partitioning_bytes) {
    fmt::print(", {} where METIS runs", bytes(forecast.partitioning_bytes_with_metis));
  }
  fmt::print("\n  writing       {}\n  on disk       {}, all parts\n", bytes(forecast.writing_bytes),
             bytes(forecast.disk_bytes));
}

}  // namespace

void print_unknown_yet(std::string_view stage, const fs::path& output, const fs::path& input) {
  fmt::print("{} {}: memory per rank is told once {} is there\n", stage, output.string(), input.string());
}

void print_partition(const proto::Partition& partition, const fs::path& folder) {
  const proto::Quality& quality = partition.quality();
  fmt::print("partition {}: {} nodes, {} adjacency entries, {} parts by {}\n", folder.string(),
             with_commas(partition.num_nodes()), with_commas(partition.num_edges()), partition.num_parts(),
             partition.method());
  fmt::print(
      "  cut {:.1f} % of the entries, halo {:.2f} per node, heaviest part over average: nodes {:.3f}, entries {:.3f}, "
      "training nodes {:.3f}\n",
      100 * quality.cut_share(), quality.halo_share(), quality.node_balance(), quality.edge_balance(),
      quality.train_balance());
}

void make_partition(Context& context, const fs::path& dataset, const fs::path& output, PendingFolder::Existing existing,
                    const fs::path& refine_from) {
  const trace::Span span("partition");
  partition::PartitionOptions options = partition_options(context.config, dataset, output, existing);
  if (!refine_from.empty()) options.refine_from = refine_from;
  const bool speaks = context.comm.rank() == 0;
  comm::agree(context.comm, [&] {
    if (!speaks) return;
    require_place_for_output(output);
    if (existing == PendingFolder::Existing::kReplace) require_replaceable(output, graph::kPartitionManifest, {});
  });
  if (context.dry_run && !fs::exists(dataset / graph::kDatasetManifest)) {
    if (speaks) print_unknown_yet("partition", output, dataset);
    return;
  }
  proto::Dataset source;
  const int num_ranks = context.comm.size();
  const partition::LaunchMemory memory{
      .num_ranks = num_ranks, .ranks_on_host = context.comm.ranks_on_host(), .host_bytes = memory_of_host()};
  auto method = partition::Method::kAuto;
  comm::agree(context.comm, [&] {
    source = graph::DatasetFolder(dataset).manifest();
    method = partition::resolve_method(options, source, num_ranks, memory.host_bytes);
    partition::check_start(options, method, source.num_nodes());
    if (context.dry_run && speaks) {
      print_forecast(options, method, num_ranks, partition::forecast_partition(source, options, method, num_ranks));
    }
    partition::require_memory_for_partition(source, options, method, memory);
  });
  if (context.dry_run) return;
  const proto::Partition manifest = partition::partition_dataset(context.comm, options);
  if (speaks) print_partition(manifest, output);
}

std::vector<int32_t> rank_of_parts(const Context& context, const fs::path& partition) {
  std::vector<int32_t> ranks;
  comm::agree(context.comm,
              [&] { ranks = partition::assign_parts(graph::read_partition_manifest(partition), context.comm.size()); });
  return ranks;
}

}  // namespace gigahop::launch
