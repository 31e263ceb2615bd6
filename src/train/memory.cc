#include "train/memory.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "model/architecture.h"
#include "model/memory.h"
#include "sampler/forecast.h"
#include "sampler/row_cache.h"
#include "sampler/seed_plan.h"
#include "train/run_plan.h"
#include "train/setup.h"
#include "train/trace_file.h"

namespace gigahop::train {
namespace {

constexpr int64_t kHops = 3;

/// ceil(batch * part / whole), at most part.
int64_t share_of_batch(int64_t batch, int64_t part, int64_t whole) {
  if (whole == 0) return 0;
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  return std::min(part, static_cast<int64_t>(std::ceil(static_cast<double>(batch) * share)));
}

int64_t bytes_of_token(const proto::EncodeConfig& config) {
  return config.token_dtype() == proto::EncodeConfig::FLOAT32 ? 4 : 2;
}

RunPlan plan_of(const proto::Config& config, const GraphShare& share) {
  return {.num_epochs = config.train().epochs(),
          .steps_per_epoch = sampler::steps_per_epoch(share.num_total_train, config.train().batch_size()),
          .max_steps = config.train().max_steps()};
}

proto::Partition partition_of(const GraphShare& share) {
  proto::Partition partition;
  partition.set_feature_width(static_cast<int32_t>(share.feature_width));
  partition.set_num_classes(static_cast<int32_t>(share.num_classes));
  return partition;
}

/// Row offsets, original ids, labels and the copy that orders seeds: 8 bytes each; splits and code: 4 and 2.
int64_t structure_of(const GraphShare& share) {
  constexpr int64_t kBytesOfRow = 4 * 8 + 4 + 2;
  constexpr int64_t kBytesOfHalo = 8 + 4;
  return kBytesOfRow * share.num_owned + kBytesOfHalo * share.num_halo + 4 * share.num_edges + 8 * share.num_train;
}

/// Of a batch with so many seeds of this rank: at most, and as drawn. Nothing where none were drawn, though others
/// were.
sampler::BatchExtents extents_of(const sampler::LoaderOptions& loading, const GraphShare& share, int64_t num_seeds,
                                 const std::vector<sampler::BatchExtents>* drawn) {
  const int64_t num_remote = share.num_ranks == 1 ? 0 : share.num_nodes - share.num_owned;
  const sampler::BatchExtents most = sampler::largest_extents(loading, num_seeds, share.num_nodes, num_remote);
  if (drawn == nullptr) return most;
  if (drawn->empty()) return {};
  const sampler::BatchExtents& seen = (*drawn)[std::min(static_cast<size_t>(num_seeds), drawn->size() - 1)];
  const auto with_margin = [](int64_t count, int64_t bound) {
    return std::min(bound, static_cast<int64_t>(std::ceil((1 + kDrawnMargin) * static_cast<double>(count))));
  };
  return {.num_seeds = num_seeds,
          .num_entries = with_margin(seen.num_entries, most.num_entries),
          .num_nodes = with_margin(seen.num_nodes, most.num_nodes),
          .num_remote = with_margin(seen.num_remote, most.num_remote)};
}

sampler::LoadForecastInput load_input(const proto::Config& config, const GraphShare& share,
                                      const sampler::LoaderOptions& loading, const DrawnBatches* drawn,
                                      const sampler::BatchExtents& largest) {
  sampler::LoadForecastInput input{.num_nodes = share.num_nodes,
                                   .num_ranks = share.num_ranks,
                                   .num_owned = share.num_owned,
                                   .num_halo = share.num_halo,
                                   .num_edges = share.num_edges,
                                   .num_total_edges = share.num_total_edges,
                                   .batches_ahead = config.sampler().batches_ahead(),
                                   .feature_width = share.feature_width,
                                   .positional_width = share.positional_width,
                                   .token_bytes = bytes_of_token(config.encode()),
                                   .batch = largest};
  // A run of several epochs may also be resumed with an evaluation, before the cache is filled at all.
  const RunPlan plan = plan_of(config, share);
  input.refills_cache = plan.num_steps() > plan.steps_per_epoch;
  const int64_t num_remote = share.num_nodes - share.num_owned;
  input.epoch_remote = std::min(num_remote, share.num_train * loading.sample_size);
  input.lists_bytes = sampler::largest_lists_bytes(loading, input);
  if (drawn != nullptr) {
    input.epoch_remote = std::min(input.epoch_remote, drawn->epoch_remote);
    input.lists_bytes = std::min(input.lists_bytes, drawn->lists_bytes);
  }
  return input;
}

/// A batch as train/cuda/batch_inputs.h has it.
struct TravellingBatch {
  int64_t packed_bytes = 0;  // in pinned memory and on the GPU
  int64_t device_bytes = 0;  // on the GPU alone
  int64_t num_slots = 2;
};

TravellingBatch travelling_batch(const proto::Config& config, const sampler::BatchExtents& batch,
                                 const GraphShare& share, int64_t row_bytes) {
  const int64_t ids_and_places = 2 * batch.num_nodes + batch.num_seeds;
  const int64_t numbers = share.positional_width * batch.num_seeds + 2 * (batch.num_entries + batch.num_seeds) + 1;
  const int64_t lists_bytes = 8 * ids_and_places + 4 * numbers;
  if (share.num_ranks == 1 || config.sampler().feature_transport() == proto::SamplerConfig::MPI) {
    return {.packed_bytes = lists_bytes + row_bytes * batch.num_remote};
  }
  // A rank sends about as many rows as it receives.
  return {.packed_bytes = lists_bytes + 8 * batch.num_remote,
          .device_bytes = 2 * row_bytes * batch.num_remote,
          .num_slots = 3};
}

/// The model and Adam's moments are on the GPU, batches as they travel, the tokens of one, and rows as in
/// train/cuda/token_rows.h; the host has the packed batches in their place.
void move_to_device(const proto::Config& config, const GraphShare& share, const sampler::BatchExtents& largest,
                    const model::ModelMemory& model, TrainingMemory& memory) {
  const int64_t row_bytes = kHops * share.feature_width * bytes_of_token(config.encode());
  const TravellingBatch batch = travelling_batch(config, largest, share, row_bytes);
  const int64_t batches_bytes = batch.num_slots * (batch.packed_bytes + batch.device_bytes);
  const int64_t tokens_bytes = largest.num_nodes * kHops * share.feature_width * int64_t{sizeof(float)};
  const int64_t owned_bytes = share.num_owned * row_bytes;
  const bool fits = owned_bytes <= config.sampler().device_rows_bytes();
  memory.device_rows_bytes = fits ? owned_bytes : 0;
  memory.pinned_rows_bytes = fits ? 0 : owned_bytes;
  if (share.num_ranks > 1 && config.sampler().cache_policy() != proto::SamplerConfig::NONE) {
    memory.device_cache_bytes = row_bytes * std::min(sampler::rows_in_cache(config.sampler().cache_bytes(), row_bytes),
                                                     share.num_nodes - share.num_owned);
  }
  memory.device_bytes = model.total_bytes() - model.scratch_bytes + memory.optimizer_bytes + batches_bytes +
                        tokens_bytes + memory.device_rows_bytes + memory.device_cache_bytes + kDeviceScratchBytes +
                        kDeviceWorkspaceBytes;
  memory.model_bytes = batch.num_slots * batch.packed_bytes;
  memory.optimizer_bytes = 0;
}

}  // namespace

GraphShare largest_share(const proto::Config& config, const proto::Partition& partition,
                         const std::vector<int32_t>& rank_of_part, int num_ranks) {
  std::vector<GraphShare> shares(static_cast<size_t>(num_ranks));
  for (int part = 0; part < partition.parts_size(); ++part) {
    GraphShare& share = shares[static_cast<size_t>(rank_of_part[static_cast<size_t>(part)])];
    const proto::PartSummary& summary = partition.parts(part);
    share.num_owned += summary.num_owned();
    share.num_halo += summary.num_halo();
    share.num_edges += summary.num_edges();
    share.num_train += summary.num_train();
  }
  GraphShare largest;
  for (const GraphShare& share : shares) {
    largest.num_owned = std::max(largest.num_owned, share.num_owned);
    largest.num_halo = std::max(largest.num_halo, share.num_halo);
    largest.num_edges = std::max(largest.num_edges, share.num_edges);
    largest.num_train = std::max(largest.num_train, share.num_train);
  }
  largest.num_halo = num_ranks == 1 ? 0 : std::min(largest.num_halo, partition.num_nodes());
  largest.num_nodes = partition.num_nodes();
  largest.num_total_edges = partition.num_edges();
  largest.num_total_train = partition.num_train();
  largest.num_ranks = num_ranks;
  largest.feature_width = partition.feature_width();
  largest.positional_width = config.encode().positional() == proto::EncodeConfig::FILE
                                 ? partition.positional_width()
                                 : config.encode().positional_width();
  largest.num_classes = partition.num_classes();
  return largest;
}

TrainingMemory forecast_training(const proto::Config& config, const GraphShare& share, const DrawnBatches* drawn,
                                 int num_threads) {
  const sampler::LoaderOptions loading = loader_options(config, num_threads);
  const sampler::BatchExtents training =
      extents_of(loading, share, share_of_batch(config.train().batch_size(), share.num_train, share.num_total_train),
                 drawn == nullptr ? nullptr : &drawn->training);
  const sampler::BatchExtents evaluation = extents_of(
      loading, share, share_of_batch(config.train().evaluation_batch_size(), share.num_owned, share.num_nodes),
      drawn == nullptr ? nullptr : &drawn->evaluation);
  const sampler::BatchExtents largest = larger_of(training, evaluation);
  const sampler::LoadForecast load =
      sampler::forecast_load(loading, load_input(config, share, loading, drawn, largest));

  const model::ModelShape shape = model_shape(config, partition_of(share), share.positional_width);
  const bool two_hops = loading.neighbourhood == sampler::Neighbourhood::kTwoHops;
  const model::ModelMemory model = model::forecast_memory(shape, {.num_seeds = largest.num_seeds,
                                                                  .sample_size = two_hops ? loading.sample_size : 1,
                                                                  .num_nodes = training.num_nodes,
                                                                  .num_evaluation_nodes = evaluation.num_nodes,
                                                                  .num_threads = num_threads,
                                                                  .precision = cpu_device(config).precision});
  int64_t parameter_bytes = 0;
  for (const model::ParameterSpec& spec : model::parameter_specs(shape)) parameter_bytes += 4 * spec.size();

  TrainingMemory memory;
  memory.mapped_bytes =
      share.num_owned * (kHops * share.feature_width * bytes_of_token(config.encode()) + 4 * share.positional_width);
  memory.process_bytes = share.process_bytes;
  memory.structure_bytes = structure_of(share);
  memory.loading_bytes = load.total_bytes() - load.batches_bytes - load.cache_bytes;
  memory.cache_bytes = load.cache_bytes;
  memory.batches_bytes = load.batches_bytes;
  memory.model_bytes = model.total_bytes();
  memory.optimizer_bytes = 2 * parameter_bytes;
  memory.checkpoint_bytes = 3 * parameter_bytes + model.codebook_bytes + 2 * share.num_owned;
  memory.trace_bytes = share.has_timeline ? timeline_bytes(plan_of(config, share).num_steps()) : 0;
  // The cache is filled when the model is there.
  const bool on_host = config.device() == proto::Config::CPU;
  memory.opening_bytes = std::max(
      load.opening_bytes, load.first_filling_bytes + (on_host ? model.parameters_bytes + model.codebook_bytes : 0));
  if (config.device() == proto::Config::CUDA) move_to_device(config, share, largest, model, memory);
  return memory;
}

bool fits(const TrainingMemory& memory, const AvailableMemory& available) {
  return memory.total_bytes() <= available.host_bytes && memory.device_bytes <= available.device_bytes;
}

int64_t largest_batch_size(const proto::Config& config, const GraphShare& share, const DrawnBatches* drawn,
                           int num_threads, const AvailableMemory& available) {
  const auto fits_with = [&](int64_t batch_size) {
    proto::Config smaller = config;
    proto::TrainConfig& train = *smaller.mutable_train();
    train.set_batch_size(static_cast<int32_t>(batch_size));
    train.set_evaluation_batch_size(std::min(train.evaluation_batch_size(), train.batch_size()));
    return fits(forecast_training(smaller, share, drawn, num_threads), available);
  };
  int64_t fitting = 0;
  int64_t too_large = int64_t{config.train().batch_size()} + 1;
  while (too_large - fitting > 1) {
    const int64_t middle = fitting + (too_large - fitting) / 2;
    (fits_with(middle) ? fitting : too_large) = middle;
  }
  return fitting;
}

int64_t TrainingMemory::total_bytes() const {
  return process_bytes + structure_bytes + loading_bytes + cache_bytes + optimizer_bytes + pinned_rows_bytes +
         checkpoint_bytes + trace_bytes + std::max(opening_bytes, batches_bytes + model_bytes);
}

std::vector<MemoryPiece> TrainingMemory::pieces() const {
  std::vector<MemoryPiece> pieces = {{"the process itself, with MPI", process_bytes},
                                     {"graph structure", structure_bytes},
                                     {"sampling and exchange", loading_bytes},
                                     {"cache of remote rows", cache_bytes},
                                     {"batches ahead", batches_bytes},
                                     {"model and activations", model_bytes},
                                     {"optimizer", optimizer_bytes},
                                     {"checkpoint snapshot", checkpoint_bytes}};
  if (pinned_rows_bytes > 0) pieces.push_back({"token rows for the GPU, pinned", pinned_rows_bytes});
  if (trace_bytes > 0) pieces.push_back({"timeline", trace_bytes});
  return pieces;
}

std::string TrainingMemory::describe() const {
  std::string text;
  const auto add_line = [&](std::string_view what, int64_t bytes) {
    text += fmt::format("  {:<34}{:>10}\n", what, human_bytes(static_cast<double>(bytes)));
  };
  for (const MemoryPiece& piece : pieces()) add_line(piece.what, piece.bytes);
  add_line("in all, per rank", total_bytes());
  if (device_bytes > 0) {
    add_line("on the GPU", device_bytes);
    add_line("  of which own token rows", device_rows_bytes);
    add_line("  and the cache of remote rows", device_cache_bytes);
  }
  add_line("mapped from disk, reclaimable", mapped_bytes);
  return text;
}

}  // namespace gigahop::train
