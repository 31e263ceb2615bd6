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
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "graph/dataset_folder.h"
#include "graph/partition_folder.h"
#include "partition/assign.h"
#include "partition/forecast.h"
#include "partition/halo.h"
#include "partition/hash_partition.h"
#include "partition/node_rows.h"
#include "partition/quality.h"
#include "partition/shard_writer.h"

namespace gigahop::partition {
namespace {

constexpr char kPartOfNode[] = "part_of_node.npy";
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

std::vector<int32_t> choose_parts(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                                  const PartitionOptions& options, const Block& block) {
  const NodeBlocks& blocks = block.blocks;
  if (options.method == Method::kHash) {
    return hash_partition(blocks.first(comm.rank()), blocks.size(comm.rank()), options.num_parts, options.seed);
  }
  const MetisOptions metis{.num_parts = options.num_parts,
                           .imbalance = options.imbalance,
                           .seed = options.seed,
                           .chunk_bytes = options.chunk_bytes,
                           .index_limit = options.metis_limit};
  if (options.direction == Direction::kSymmetrised) {
    return metis_partition(comm, blocks, block.rows.view(), block.attributes.splits, metis);
  }
  const graph::Csr<int64_t> both =
      read_edge_blocks(comm, dataset, blocks, Direction::kSymmetrised, options.chunk_bytes);
  return metis_partition(comm, blocks, both.view(), block.attributes.splits, metis);
}

/// Every rank writes its slice; returns the record on rank 0.
array::ArrayFile write_part_of_node(const comm::Communicator& comm, const std::filesystem::path& folder,
                                    const NodeBlocks& blocks, std::span<const int32_t> part_of_row) {
  const std::filesystem::path path = folder / kPartOfNode;
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

/// What one rank has written: the manifests of its parts, still open, and their figures.
struct WrittenParts {
  std::vector<proto::Shard> shards;
  std::vector<PartFigures> figures;
  std::vector<HaloShare> shares;
};

PartFigures figures_of(int part, const PartRows& rows, const LocalStructure& local) {
  const auto owned = static_cast<int64_t>(rows.records.size());
  const auto count = [&](Split split) {
    return std::count_if(rows.records.begin(), rows.records.end(),
                         [&](const RowRecord& record) { return record.split == split; });
  };
  const auto is_halo = [&](LocalId id) { return id.value >= owned; };
  return {.part = part,
          .num_owned = owned,
          .num_halo = static_cast<int64_t>(local.halo_ids.size()),
          .num_edges = static_cast<int64_t>(local.edges.column_ids.size()),
          .num_cut_edges = std::count_if(local.edges.column_ids.begin(), local.edges.column_ids.end(), is_halo),
          .num_train = count(Split::kTrain),
          .num_valid = count(Split::kValid),
          .num_test = count(Split::kTest)};
}

/// Writes the structure of all parts, wave by wave.
WrittenParts write_parts(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                         const std::filesystem::path& folder, const Block& block, const WritePlan& plan) {
  const DegreeTable degrees(comm, block);
  const Labels labels = dataset.has_labels() ? Labels::kStored : Labels::kNone;
  const uint64_t fingerprint = dataset.fingerprint();
  WrittenParts written;
  Progress progress("writing shards", "parts", block.numbering.map.num_parts(),
                    comm.rank() == 0 ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
  for (int wave = 0; wave < plan.num_waves(); ++wave) {
    const PartRows rows = gather_part_rows(comm, block, plan, wave);
    const std::optional<int> part = plan.part(comm.rank(), wave);
    LocalStructure local;
    comm::agree(comm, [&] {
      if (!part.has_value()) return;
      std::vector<int32_t> row_degrees;
      for (const RowRecord& record : rows.records) row_degrees.push_back(record.degree);
      local = localise(block.numbering.map, *part, row_degrees, rows.columns);
    });
    const std::vector<int32_t> halo_degrees = degrees.look_up(comm, local.halo_ids);
    comm::agree(comm, [&] {
      if (!part.has_value()) return;
      written.shards.push_back(write_structure(folder, *part, rows, local, halo_degrees, labels, fingerprint));
      written.figures.push_back(figures_of(*part, rows, local));
      const auto shares = halo_shares(block.numbering.map, *part, local.halo_ids);
      written.shares.insert(written.shares.end(), shares.begin(), shares.end());
    });
    progress.advance(plan.num_parts_in_wave(comm.size(), wave));
  }
  progress.finish();
  return written;
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

proto::Partition describe(const graph::DatasetFolder& dataset, const PartitionOptions& options,
                          std::span<const PartFigures> figures, std::span<const HaloShare> shares,
                          const array::ArrayFile& part_of_node) {
  const proto::Dataset& source = dataset.manifest();
  proto::Partition partition;
  partition.set_format_version(graph::kPartitionFormatVersion);
  partition.set_dataset(source.name());
  partition.set_graph_fingerprint(dataset.fingerprint());
  partition.set_num_nodes(source.num_nodes());
  partition.set_directed(options.direction == Direction::kDirected);
  partition.set_num_parts(options.num_parts);
  partition.set_method(options.method == Method::kMetis ? "METIS" : "HASH");
  partition.set_seed(options.seed);
  partition.set_feature_width(source.feature_width());
  if (dataset.has_features()) partition.set_feature_dtype(std::string(array::name(dataset.features().dtype())));
  partition.set_positional_width(source.positional_width());
  partition.set_num_classes(source.num_classes());
  partition.mutable_class_names()->CopyFrom(source.class_names());
  partition.set_config_fingerprint(options.config_fingerprint);
  describe_quality(figures, shares, partition);
  describe_forecast(partition);
  array::add_record(*partition.mutable_arrays(), part_of_node);
  return partition;
}

Block read_block(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const PartitionOptions& options) {
  const NodeBlocks blocks(dataset.manifest().num_nodes(), comm.size());
  NodeAttributes attributes = read_node_attributes(comm, dataset, blocks);
  return {.blocks = blocks,
          .rows = read_edge_blocks(comm, dataset, blocks, options.direction, options.chunk_bytes),
          .attributes = std::move(attributes),
          .numbering = {}};
}

void log_plan(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const PartitionOptions& options) {
  const PartitionForecast forecast = forecast_partition(dataset.manifest(), options, comm.size());
  log_info("partition: {} nodes, {} edges into {} parts on {} ranks; at most {} on rank 0, {} on others",
           with_commas(dataset.manifest().num_nodes()), with_commas(dataset.manifest().num_edges()), options.num_parts,
           comm.size(), human_bytes(static_cast<double>(forecast.bytes_on_rank_0)),
           human_bytes(static_cast<double>(forecast.bytes_per_rank)));
}

/// Rank 0 writes the manifest and gives the folder its name; all ranks get the manifest.
proto::Partition publish(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                         const PartitionOptions& options, const WrittenParts& written,
                         const array::ArrayFile& part_of_node, PendingFolder* folder) {
  const std::vector<PartFigures> figures = collect(comm, written.figures);
  const std::vector<HaloShare> shares = collect(comm, written.shares);
  proto::Partition partition;
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    partition = describe(dataset, options, figures, shares, part_of_node);
    array::write_text_proto(folder->path() / graph::kPartitionManifest, partition);
    folder->commit();
  });
  partition.ParseFromString(comm::broadcast_text(comm, partition.SerializeAsString(), 0));
  return partition;
}

}  // namespace

proto::Partition partition_dataset(const comm::Communicator& comm, const PartitionOptions& options) {
  const std::optional<graph::DatasetFolder> dataset = open_dataset(comm, options);
  log_plan(comm, *dataset, options);
  const std::unique_ptr<PendingFolder> pending = make_folder(comm, options);
  const std::filesystem::path folder = partial_path(options.output_folder);

  Block block = read_block(comm, *dataset, options);
  const std::vector<int32_t> part_of_row = choose_parts(comm, *dataset, options, block);
  block.numbering = number_nodes(comm, options.num_parts, part_of_row);
  const array::ArrayFile part_of_node = write_part_of_node(comm, folder, block.blocks, part_of_row);

  const WritePlan plan(options.num_parts, comm.size());
  WrittenParts written = write_parts(comm, *dataset, folder, block, plan);
  if (dataset->has_features()) {
    move_node_rows(comm, block.blocks, block.numbering, plan, dataset->features(), folder, "features.npy",
                   options.chunk_bytes, written.shards);
  }
  if (dataset->has_positional()) {
    move_node_rows(comm, block.blocks, block.numbering, plan, dataset->positional(), folder, "positional_input.npy",
                   options.chunk_bytes, written.shards);
  }
  comm::agree(comm, [&] {
    for (const proto::Shard& shard : written.shards) write_shard_manifest(folder, shard);
  });
  return publish(comm, *dataset, options, written, part_of_node, pending.get());
}

}  // namespace gigahop::partition
