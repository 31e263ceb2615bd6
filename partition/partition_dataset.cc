#include "partition/partition_dataset.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "array/manifest.h"
#include "array/npy.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "graph/dataset_folder.h"
#include "graph/partition_folder.h"
#include "partition/assign.h"
#include "partition/choose_parts.h"
#include "partition/edge_blocks.h"
#include "partition/forecast.h"
#include "partition/given_parts.h"
#include "partition/node_rows.h"
#include "partition/phases.h"
#include "partition/quality.h"
#include "partition/write_parts.h"

namespace gigahop::partition {
namespace {

constexpr int kMaxParts = 65535;

void check_options(const PartitionOptions& options) {
  if (options.num_parts < 1 || options.num_parts > kMaxParts) {
    throw config_error("partition.num_parts", fmt::format("1 to {}", kMaxParts), std::to_string(options.num_parts));
  }
  if (options.chunk_bytes < 1) {
    throw config_error("partition.chunk_bytes", "at least 1", std::to_string(options.chunk_bytes));
  }
  if (!(options.imbalance > 0)) {
    throw config_error("partition.imbalance", "more than 0", std::to_string(options.imbalance));
  }
}

std::optional<graph::DatasetFolder> open_dataset(const comm::Communicator& comm, const PartitionOptions& options) {
  std::optional<graph::DatasetFolder> dataset;
  comm::agree(comm, [&] {
    check_options(options);
    dataset.emplace(options.dataset_folder);
  });
  comm::require_same_on_all_ranks(comm, dataset->fingerprint(), "the dataset");
  return dataset;
}

/// The folder under its temporary name, with one folder for each part; held by rank 0.
std::unique_ptr<PendingFolder> make_folder(const comm::Communicator& comm, const PartitionOptions& options) {
  std::unique_ptr<PendingFolder> folder;
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    folder = std::make_unique<PendingFolder>(options.output_folder, options.existing);
    for (int part = 0; part < options.num_parts; ++part) make_folders(graph::part_folder(folder->path(), part));
  });
  return folder;
}

/// Every rank writes its slice; returns the record on rank 0.
array::ArrayFile write_part_of_node(const comm::Communicator& comm, const std::filesystem::path& folder,
                                    const NodeBlocks& blocks, std::span<const int32_t> part_of_row) {
  const std::filesystem::path path = part_of_node_file(folder);
  comm::agree(comm, [&] {
    const int64_t num_nodes = blocks.num_nodes();
    if (comm.rank() == 0) array::create_npy(path, array::DType::kInt32, std::span(&num_nodes, 1));
  });
  comm::agree(comm, [&] {
    array::NpySliceWriter writer(path);
    writer.write_rows(blocks.first(comm.rank()), std::as_bytes(part_of_row));
    writer.close();
  });
  array::ArrayFile described;
  comm::agree(comm, [&] {
    if (comm.rank() == 0) described = array::describe_npy(path);
  });
  return described;
}

std::vector<NodeRowsFile> wide_files(const graph::DatasetFolder& dataset) {
  std::vector<NodeRowsFile> files;
  if (dataset.has_features()) {
    const array::NpyArray& features = dataset.features();
    files.push_back({.source = features.path(), .dtype = features.dtype(), .shard_file = "features.npy"});
  }
  if (dataset.has_positional()) {
    const array::NpyArray& positional = dataset.positional();
    files.push_back({.source = positional.path(), .dtype = positional.dtype(), .shard_file = "positional_input.npy"});
  }
  return files;
}

/// What all ranks have, in rank order, on rank 0; nothing elsewhere.
template <class T>
std::vector<T> collect(const comm::Communicator& comm, const std::vector<T>& mine) {
  std::vector<std::vector<T>> messages(static_cast<size_t>(comm.size()));
  messages[0] = mine;
  return comm::all_to_all(comm, messages).values;
}

/// What training will need of memory for the graph, at launches of several sizes.
void describe_forecast(proto::Partition& partition) {
  constexpr int kPositionalWidth = 64;
  for (int num_ranks = 1; num_ranks <= partition.num_parts(); num_ranks *= 2) {
    RankForecast heaviest;
    for (const RankForecast& rank :
         forecast_training(partition, assign_parts(partition, num_ranks), num_ranks, kPositionalWidth, sizeof(float))) {
      heaviest.structure_bytes = std::max(heaviest.structure_bytes, rank.structure_bytes);
      heaviest.mapped_bytes = std::max(heaviest.mapped_bytes, rank.mapped_bytes);
    }
    proto::TrainingForecast& forecast = *partition.add_forecast();
    forecast.set_num_ranks(num_ranks);
    forecast.set_structure_bytes(heaviest.structure_bytes);
    forecast.set_mapped_bytes(heaviest.mapped_bytes);
  }
}

proto::Partition describe_source(const graph::DatasetFolder& dataset, const PartitionOptions& options) {
  const proto::Dataset& source = dataset.manifest();
  proto::Partition partition;
  partition.set_format_version(graph::kPartitionFormatVersion);
  partition.set_dataset(source.name());
  partition.set_graph_fingerprint(dataset.fingerprint());
  partition.mutable_grown_from()->CopyFrom(source.grown_from());
  if (source.has_first_num_nodes()) partition.set_first_num_nodes(source.first_num_nodes());
  partition.set_num_nodes(source.num_nodes());
  partition.set_directed(options.direction == Direction::kDirected);
  partition.set_num_parts(options.num_parts);
  partition.set_seed(options.seed);
  partition.set_feature_width(source.feature_width());
  if (dataset.has_features()) partition.set_feature_dtype(std::string(array::name(dataset.features().dtype())));
  partition.set_positional_width(source.positional_width());
  partition.set_num_classes(source.num_classes());
  partition.mutable_class_names()->CopyFrom(source.class_names());
  return partition;
}

/// The graph of the shards, what its nodes are, and the parts chosen. Where the partitioner needs edges both ways and
/// the shards do not, the graph is read twice and held once.
struct Decision {
  DistributedGraph graph;
  NodeAttributes attributes;
  std::vector<int32_t> part_of_row;
};

Decision decide(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const PartitionOptions& options,
                Method method, PhaseClock& clock) {
  const bool rows_both_ways = needs_edges(method) || options.direction == Direction::kSymmetrised;
  const Direction first = rows_both_ways ? Direction::kSymmetrised : Direction::kDirected;
  Decision decision;
  decision.graph = read_graph(comm, dataset, first, options.chunk_bytes, options.entries_of_rank);
  const NodeBlocks blocks = decision.graph.blocks;
  decision.attributes = read_node_attributes(comm, dataset, blocks, options.chunk_bytes);
  clock.finish_and_begin("partitioning");
  decision.part_of_row = choose_parts(comm, options, method, decision.graph, decision.attributes);
  if (first != options.direction) {
    clock.finish_and_begin("reading again");
    decision.graph = {};
    decision.graph = read_graph_on(comm, dataset, blocks, options.direction, options.chunk_bytes);
  }
  return decision;
}

/// Hosts may differ in memory; rank 0 decides for all.
Method agreed_method(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                     const PartitionOptions& options) {
  auto method = Method::kAuto;
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    method = resolve_method(options, dataset.manifest(), comm.size(), memory_of_host());
    check_start(options, method, dataset.manifest().num_nodes());
  });
  comm::broadcast(comm, std::span(&method, 1), 0);
  return method;
}

void log_plan(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const PartitionOptions& options,
              Method method) {
  const PartitionForecast forecast = forecast_partition(dataset.manifest(), options, method, comm.size());
  log_info(
      "partition: {} nodes, {} edges into {} parts by {} on {} ranks; at most {} where METIS runs, {} on other ranks",
      with_commas(dataset.manifest().num_nodes()), with_commas(dataset.manifest().num_edges()), options.num_parts,
      name_of(method, options), comm.size(), human_bytes(static_cast<double>(forecast.peak_bytes_with_metis())),
      human_bytes(static_cast<double>(forecast.peak_bytes())));
}

/// On all ranks.
proto::Partition describe(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                          const PartitionOptions& options, Method method, const WrittenParts& written,
                          const array::ArrayFile& part_of_node) {
  const std::vector<PartFigures> figures = collect(comm, written.figures);
  const std::vector<HaloShare> shares = collect(comm, written.shares);
  proto::Partition partition;
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    partition = describe_source(dataset, options);
    partition.set_method(std::string(name_of(method, options)));
    partition.set_num_ranks(comm.size());
    describe_quality(figures, shares, partition);
    describe_forecast(partition);
    array::add_record(*partition.mutable_arrays(), part_of_node);
  });
  std::string bytes;
  comm::agree(comm, [&] {
    if (comm.rank() == 0 && !partition.SerializeToString(&bytes)) {
      throw data_error(graph::kPartitionManifest, "a manifest of at most 2 GiB",
                       with_commas(static_cast<int64_t>(partition.ByteSizeLong())) + " bytes", "use fewer parts");
    }
  });
  require(partition.ParseFromString(comm::broadcast_text(comm, bytes, 0)), "rank 0 sends what it wrote");
  return partition;
}

/// Rank 0 writes the manifest and gives the folder its name.
void publish(const comm::Communicator& comm, PendingFolder* folder, const proto::Partition& partition) {
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    array::write_text_proto(folder->path() / graph::kPartitionManifest, partition);
    folder->commit();
  });
}

}  // namespace

proto::Partition partition_dataset(const comm::Communicator& comm, const PartitionOptions& options) {
  const std::optional<graph::DatasetFolder> dataset = open_dataset(comm, options);
  const Method method = agreed_method(comm, *dataset, options);
  log_plan(comm, *dataset, options, method);
  const std::unique_ptr<PendingFolder> pending = make_folder(comm, options);
  const std::filesystem::path folder = partial_path(options.output_folder);
  const LargeBuffersApart buffers;
  PhaseClock clock(comm, "reading");

  Decision decision = decide(comm, *dataset, options, method, clock);
  clock.finish_and_begin("writing");
  const NodeBlocks blocks = decision.graph.blocks;
  Numbering numbering = number_nodes(comm, options.num_parts, decision.part_of_row);
  const array::ArrayFile part_of_node = write_part_of_node(comm, folder, blocks, decision.part_of_row);
  decision.part_of_row = {};

  const WritePlan plan(options.num_parts, comm.size());
  std::optional<Block> block(std::in_place, comm, std::move(decision.graph), std::move(decision.attributes),
                             std::move(numbering));
  WrittenParts written = write_parts(comm, *block, plan,
                                     {.folder = folder,
                                      .labels = dataset->has_labels() ? Labels::kStored : Labels::kNone,
                                      .graph_fingerprint = dataset->fingerprint(),
                                      .chunk_bytes = options.chunk_bytes});
  numbering = std::move(block->numbering);
  block.reset();
  for (const NodeRowsFile& file : wide_files(*dataset)) {
    move_node_rows(comm, blocks, numbering, plan, file, folder, options.chunk_bytes, written.shards);
  }
  comm::agree(comm, [&] {
    for (const proto::Shard& shard : written.shards) write_shard_manifest(folder, shard);
  });
  clock.finish();
  proto::Partition manifest = describe(comm, *dataset, options, method, written, part_of_node);
  clock.record(manifest);
  publish(comm, pending.get(), manifest);
  return manifest;
}

}  // namespace gigahop::partition
