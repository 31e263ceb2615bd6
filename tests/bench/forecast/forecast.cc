/// What each stage will need of memory on each rank for a graph that is known by its sizes alone, by the functions that
/// --dry-run prints: for configs/, before anything is downloaded.
///
///   forecast CONFIG NODES EDGES FEATURES CLASSES TRAINING_NODES HALO_SHARE
///
/// EDGES as they are imported, each once. Parts are taken to be equal, with HALO_SHARE remote neighbours for each owned
/// node; of duplicate edges nothing is known. Training is the bound from sizes; drawn batches would tell less.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/format.h>

#include "base/memory.h"
#include "base/progress.h"
#include "config/config.h"
#include "encode/encode.h"
#include "partition/assign.h"
#include "partition/forecast.h"
#include "train/memory.h"

namespace gigahop {
namespace {

struct Sizes {
  int64_t num_nodes;
  int64_t num_edges;
  int64_t feature_width;
  int64_t num_classes;
  int64_t num_train;
  double halo_share;
};

int64_t share_of(int64_t total, int part, int num_parts) {
  return total * (part + 1) / num_parts - total * part / num_parts;
}

proto::Dataset dataset_of(const Sizes& sizes) {
  proto::Dataset dataset;
  dataset.set_num_nodes(sizes.num_nodes);
  dataset.set_num_edges(sizes.num_edges);
  dataset.set_feature_width(static_cast<int32_t>(sizes.feature_width));
  dataset.set_num_classes(static_cast<int32_t>(sizes.num_classes));
  dataset.set_num_train(sizes.num_train);
  return dataset;
}

proto::Partition partition_of(const Sizes& sizes, int num_parts) {
  proto::Partition partition;
  partition.set_num_nodes(sizes.num_nodes);
  partition.set_num_edges(2 * sizes.num_edges);
  partition.set_num_parts(num_parts);
  partition.set_feature_width(static_cast<int32_t>(sizes.feature_width));
  partition.set_feature_dtype("float32");
  partition.set_num_classes(static_cast<int32_t>(sizes.num_classes));
  partition.set_num_train(sizes.num_train);
  partition.add_part_offsets(0);
  for (int part = 0; part < num_parts; ++part) {
    proto::PartSummary& summary = *partition.add_parts();
    summary.set_num_owned(share_of(sizes.num_nodes, part, num_parts));
    summary.set_num_halo(std::min(sizes.num_nodes - summary.num_owned(),
                                  static_cast<int64_t>(sizes.halo_share * static_cast<double>(summary.num_owned()))));
    summary.set_num_edges(share_of(2 * sizes.num_edges, part, num_parts));
    summary.set_num_train(share_of(sizes.num_train, part, num_parts));
    partition.add_part_offsets(partition.part_offsets(part) + summary.num_owned());
    for (int other = 0; other < part; ++other) {
      proto::QuotientEdge& edge = *partition.add_quotient();
      edge.set_a(other);
      edge.set_b(part);
      edge.set_weight(1 + summary.num_halo() / num_parts);
    }
  }
  return partition;
}

std::string gib(int64_t bytes) {
  return fmt::format("{:.2f}", static_cast<double>(bytes) / (1 << 30));
}

array::DType dtype_of(const proto::EncodeConfig& config) {
  return config.token_dtype() == proto::EncodeConfig::FLOAT32 ? array::DType::kFloat32 : array::DType::kFloat16;
}

void print_row(const proto::Config& config, const Sizes& sizes, int num_ranks) {
  const int num_parts = config.partition().num_parts();
  const partition::PartitionForecast cut = partition::forecast_partition(dataset_of(sizes), {.num_parts = num_parts},
                                                                         partition::Method::kMultilevel, num_ranks);
  const proto::Partition partition = partition_of(sizes, num_parts);
  const std::vector<int32_t> rank_of_part = partition::assign_parts(partition, num_ranks);
  const encode::EncodeForecast encoded = encode::forecast_encode(
      partition, rank_of_part, num_ranks,
      {.positional_width = config.encode().positional_width(), .token_dtype = dtype_of(config.encode())});
  train::GraphShare share = train::largest_share(config, partition, rank_of_part, num_ranks);
  share.process_bytes = own_memory();
  const train::TrainingMemory training = train::forecast_training(config, share, nullptr, 1);
  fmt::print("| {} | {} | {} | {} | {} | {} | {} |\n", num_ranks, gib(cut.peak_bytes()),
             gib(cut.peak_bytes_with_metis()), gib(std::ranges::max(encoded.memory_bytes)), gib(training.total_bytes()),
             gib(training.mapped_bytes), gib(cut.disk_bytes + encoded.disk_bytes));
}

void print_table(const proto::Config& config, const Sizes& sizes) {
  fmt::print("| ranks | partition | where METIS runs | encode | train, at most | mapped | disk, all ranks |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  for (int num_ranks = 4; num_ranks <= std::min(64, config.partition().num_parts()); num_ranks *= 2) {
    print_row(config, sizes, num_ranks);
  }
}

}  // namespace
}  // namespace gigahop

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: forecast CONFIG NODES EDGES FEATURES CLASSES TRAINING_NODES HALO_SHARE\n");
    return 2;
  }
  try {
    const auto number = [&](int i) { return std::atoll(argv[i]); };
    gigahop::print_table(gigahop::config::load_config(argv[1]),
                         {number(2), number(3), number(4), number(5), number(6), std::atof(argv[7])});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
