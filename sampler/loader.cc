#include "sampler/loader.h"

#include <chrono>
#include <optional>
#include <variant>

#include "base/error.h"
#include "sampler/coordinated.h"
#include "sampler/directory.h"
#include "sampler/feature_store.h"
#include "sampler/independent.h"
#include "sampler/sample_lists.h"

namespace gigahop::sampler {
namespace {

/// Loads the lists of the seed alone: no sampler, no directory.
struct SeedsOnly {};
using Sampler = std::variant<SeedsOnly, CoordinatedSampler, IndependentSampler>;

Sampler make_sampler(const graph::LocalGraph& graph, const comm::Communicator& comm, const LoaderOptions& options) {
  if (options.neighbourhood == Neighbourhood::kSeedsOnly) return SeedsOnly{};
  require(options.sample_size >= 2, "a sample holds the seed and at least one more node");
  if (options.sampling == Sampling::kCoordinated) return CoordinatedSampler(graph, comm, options);
  return IndependentSampler(graph, comm, options);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

struct Loader::State {
  State(const graph::LocalGraph& local_graph, comm::Communicator own_comm, const LoaderOptions& loader_options)
      : graph(local_graph),
        comm(std::move(own_comm)),
        options(loader_options),
        features(graph, comm),
        sampler(make_sampler(graph, comm, options)) {
    if (options.neighbourhood == Neighbourhood::kTwoHops) directory.emplace(graph, comm, options.round_elements);
  }

  SampleLists sample(const BatchRequest& request, std::span<const OriginalId> seed_ids);
  std::vector<Location> locate(const MiniBatch& batch) const;

  const graph::LocalGraph& graph;
  comm::Communicator comm;
  LoaderOptions options;
  FeatureStore features;
  Sampler sampler;
  std::optional<Directory> directory;
};

SampleLists Loader::State::sample(const BatchRequest& request, std::span<const OriginalId> seed_ids) {
  if (auto* coordinated = std::get_if<CoordinatedSampler>(&sampler)) {
    return coordinated->sample(comm, request.salt, request.seeds);
  }
  if (auto* independent = std::get_if<IndependentSampler>(&sampler)) {
    return independent->sample(comm, request.salt, request.seeds);
  }
  return lists_of_seeds(seed_ids);
}

std::vector<Location> Loader::State::locate(const MiniBatch& batch) const {
  if (directory) return directory->locate(comm, batch.node_ids);
  std::vector<Location> locations(batch.node_ids.size());
  for (size_t b = 0; b < batch.seeds.size(); ++b) {
    locations[batch.sample_nodes[b]] = {comm.rank(), batch.seeds[b].value};
  }
  return locations;
}

int64_t salt_of_epoch(int64_t epoch, int64_t resample_every_epochs) {
  return resample_every_epochs == 0 ? 0 : epoch / resample_every_epochs;
}

Loader::Loader(const graph::LocalGraph& graph, comm::Communicator comm, const LoaderOptions& options)
    : state_(std::make_unique<State>(graph, std::move(comm), options)) {}

Loader::~Loader() = default;

MiniBatch Loader::load(const BatchRequest& request) {
  MiniBatch batch;
  batch.epoch = request.epoch;
  batch.step = request.step;
  batch.seeds = request.seeds;
  for (const LocalId seed : request.seeds) batch.seed_ids.push_back(state_->graph.original_ids()[seed.value]);

  const auto sampling_began = std::chrono::steady_clock::now();
  SampleLists lists = state_->sample(request, batch.seed_ids);
  DistinctNodes nodes = number_distinct_nodes(lists);
  batch.sample_offsets = std::move(lists.offsets);
  batch.sample_nodes = std::move(nodes.sample_nodes);
  batch.sample_counts = std::move(lists.counts);
  batch.node_ids = std::move(nodes.ids);
  batch.sample_seconds = seconds_since(sampling_began);

  const auto fetching_began = std::chrono::steady_clock::now();
  batch.num_remote_nodes =
      state_->features.fetch_tokens(state_->comm, state_->locate(batch), state_->options.num_threads, batch.tokens);
  state_->features.copy_positional(batch.seeds, batch.positional);
  batch.labels = state_->features.labels(batch.seeds);
  batch.fetch_seconds = seconds_since(fetching_began);
  return batch;
}

}  // namespace gigahop::sampler
