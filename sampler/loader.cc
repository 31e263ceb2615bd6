#include "sampler/loader.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/trace.h"
#include "comm/traffic.h"
#include "sampler/coordinated.h"
#include "sampler/directory.h"
#include "sampler/independent.h"
#include "sampler/sample_lists.h"

namespace gigahop::sampler {
namespace {

using Requests = std::function<std::optional<BatchRequest>()>;

/// Loads the lists of the seed alone: no sampler, no directory.
struct SeedsOnly {};
using Sampler = std::variant<SeedsOnly, CoordinatedSampler, IndependentSampler>;

Sampler make_sampler(const graph::LocalGraph& graph, const comm::Communicator& comm, const LoaderOptions& options) {
  if (options.neighbourhood == Neighbourhood::kSeedsOnly) return SeedsOnly{};
  require(options.sample_size >= 2, "a sample holds the seed and at least one more node");
  if (options.sampling == Sampling::kCoordinated) {
    return Sampler(std::in_place_type<CoordinatedSampler>, graph, comm, options);
  }
  return Sampler(std::in_place_type<IndependentSampler>, graph, comm, options);
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
        features(graph, comm, options.assembly),
        sampler(make_sampler(graph, comm, options)) {
    if (options.neighbourhood == Neighbourhood::kTwoHops) directory.emplace(graph, comm, options.round_elements);
  }

  MiniBatch sample(const BatchRequest& request);
  SampleLists sample_lists(const BatchRequest& request, std::span<const OriginalId> seed_ids);
  std::vector<Location> locate(const MiniBatch& batch) const;
  std::vector<Location> locate_ids(std::span<const OriginalId> ids) const;
  std::vector<OriginalId> choose_cached(const Requests& requests, int64_t capacity);
  std::vector<OriginalId> choose_presampled(const Requests& requests, int64_t capacity);

  const graph::LocalGraph& graph;
  comm::Communicator comm;
  LoaderOptions options;
  FeatureStore features;
  Sampler sampler;
  std::optional<Directory> directory;
  std::optional<int64_t> filled_for;  // salt that the cache was filled for last
  int64_t filled_bytes = 0;           // fetched for it since the last batch
};

SampleLists Loader::State::sample_lists(const BatchRequest& request, std::span<const OriginalId> seed_ids) {
  if (auto* coordinated = std::get_if<CoordinatedSampler>(&sampler)) {
    return coordinated->sample(comm, request.salt, request.seeds);
  }
  if (auto* independent = std::get_if<IndependentSampler>(&sampler)) {
    return independent->sample(comm, request.salt, request.seeds);
  }
  return lists_of_seeds(seed_ids);
}

std::vector<Location> Loader::State::locate(const MiniBatch& batch) const {
  if (directory) return locate_ids(batch.node_ids);
  std::vector<Location> locations(batch.node_ids.size());
  for (size_t b = 0; b < batch.seeds.size(); ++b) {
    locations[batch.sample_nodes[b]] = {comm.rank(), batch.seeds[b].value};
  }
  return locations;
}

/// The directory is asked for what is not in the cache alone.
std::vector<Location> Loader::State::locate_ids(std::span<const OriginalId> ids) const {
  if (features.cache().ids().empty()) return directory->locate(comm, ids);
  const std::vector<int32_t> slots = features.cache().find(ids);
  std::vector<OriginalId> unknown;
  for (size_t u = 0; u < ids.size(); ++u) {
    if (slots[u] < 0) unknown.push_back(ids[u]);
  }
  const std::vector<Location> answers = directory->locate(comm, unknown);
  std::vector<Location> locations(ids.size());
  auto answer = answers.begin();
  for (size_t u = 0; u < ids.size(); ++u) locations[u] = slots[u] < 0 ? *answer++ : Location{kInCache, slots[u]};
  return locations;
}

std::vector<OriginalId> Loader::State::choose_cached(const Requests& requests, int64_t capacity) {
  if (options.cache_policy == CachePolicy::kPresample) return choose_presampled(requests, capacity);
  const comm::Phase phase(comm, "cache");
  if (options.cache_policy == CachePolicy::kDegree) return choose_by_degree(graph, comm, capacity);
  std::vector<LocalId> seeds;
  while (const std::optional<BatchRequest> request = requests()) {
    seeds.insert(seeds.end(), request->seeds.begin(), request->seeds.end());
  }
  return choose_by_weight(graph, comm, seeds, options.sample_size, capacity);
}

std::vector<OriginalId> Loader::State::choose_presampled(const Requests& requests, int64_t capacity) {
  AccessCounts counts;
  while (const std::optional<BatchRequest> request = requests()) {
    const MiniBatch batch = sample(*request);
    const comm::Phase phase(comm, "cache");
    counts.add(batch.node_ids, directory->locate(comm, batch.node_ids), comm.rank());
  }
  counts.add_kept(features.cache().ids());
  return counts.choose(capacity);
}

MiniBatch Loader::State::sample(const BatchRequest& request) {
  const trace::Span span("sample", request.step);
  const comm::Phase phase(comm, "sampling");
  MiniBatch batch;
  batch.epoch = request.epoch;
  batch.step = request.step;
  batch.seeds = request.seeds;
  for (const LocalId seed : request.seeds) batch.seed_ids.push_back(graph.original_ids()[seed.value]);
  SampleLists lists = sample_lists(request, batch.seed_ids);
  DistinctNodes nodes = number_distinct_nodes(lists);
  batch.sample_offsets = std::move(lists.offsets);
  batch.sample_nodes = std::move(nodes.sample_nodes);
  batch.sample_counts = std::move(lists.counts);
  batch.node_ids = std::move(nodes.ids);
  return batch;
}

int64_t salt_of_epoch(int64_t epoch, int64_t resample_every_epochs) {
  return resample_every_epochs == 0 ? 0 : epoch / resample_every_epochs;
}

Loader::Loader(const graph::LocalGraph& graph, comm::Communicator comm, const LoaderOptions& options)
    : state_(std::make_unique<State>(graph, std::move(comm), options)) {}

Loader::~Loader() = default;

int64_t Loader::cache_capacity() const {
  const State& state = *state_;
  if (state.comm.size() == 1 || !state.directory || state.options.cache_policy == CachePolicy::kNone) return 0;
  const int64_t num_remote = state.graph.map().num_nodes() - state.graph.num_owned();
  return std::min(rows_in_cache(state.options.cache_bytes, state.features.row_bytes()), num_remote);
}

int64_t Loader::fill_cache(int64_t salt, const std::function<std::optional<BatchRequest>()>& requests) {
  State& state = *state_;
  const CachePolicy policy = state.options.cache_policy;
  if (state.comm.size() == 1 || !state.directory || policy == CachePolicy::kNone) return 0;
  if (state.filled_for && (policy != CachePolicy::kPresample || *state.filled_for == salt)) return 0;
  const trace::Span span("fill cache");
  const int64_t capacity = cache_capacity();
  if (!state.filled_for) state.features.make_cache(state.comm, capacity);
  state.filled_for = salt;
  std::vector<OriginalId> ids = state.choose_cached(requests, capacity);
  const comm::Phase phase(state.comm, "cache");
  const int64_t fetched = state.features.fill_cache(state.comm, *state.directory, std::move(ids));
  state.filled_bytes += fetched * state.features.row_bytes();
  return fetched;
}

void Loader::forget_cache() {
  if (state_->options.assembly == Assembly::kHost) return;
  state_->features.forget_cache();
  state_->filled_for.reset();
}

MiniBatch Loader::load(const BatchRequest& request) {
  State& state = *state_;
  const auto sampling_began = std::chrono::steady_clock::now();
  MiniBatch batch = state.sample(request);
  batch.sample_seconds = seconds_since(sampling_began);

  const auto fetching_began = std::chrono::steady_clock::now();
  const comm::Phase phase(state.comm, "features");
  std::vector<Location> where;
  Buffer<std::byte> remote;
  {
    const trace::Span span("fetch", request.step);
    where = state.locate(batch);
    if (state.options.assembly == Assembly::kDevices) {
      batch.exchange = state.features.plan_exchange(state.comm, where);
    } else {
      remote = state.features.fetch_remote(state.comm, where);
    }
  }
  const trace::Span span("assemble", request.step);
  if (state.options.assembly == Assembly::kHost) {
    state.features.assemble_tokens(where, remote, state.options.num_threads, batch.tokens);
  } else {
    batch.places = state.features.places(where, cache_capacity());
    batch.fetched = std::move(remote);
    batch.new_cached = state.features.take_new_cached();
  }
  state.features.copy_positional(batch.seeds, batch.positional);
  batch.labels = state.features.labels(batch.seeds);
  batch.num_remote_nodes = batch.num_nodes() - std::ranges::count(where, state.comm.rank(), &Location::rank);
  batch.num_cached_nodes = std::ranges::count(where, kInCache, &Location::rank);
  batch.fetched_bytes = (batch.num_remote_nodes - batch.num_cached_nodes) * state.features.row_bytes() +
                        std::exchange(state.filled_bytes, 0);
  batch.fetch_seconds = seconds_since(fetching_began);
  return batch;
}

DrawnBatch Loader::draw(const BatchRequest& request, std::span<const OriginalId> cached) {
  State& state = *state_;
  const MiniBatch batch = state.sample(request);
  const std::vector<Location> where = state.locate(batch);
  std::vector<bool> is_fetched(where.size());
  DrawnBatch drawn;
  for (size_t u = 0; u < where.size(); ++u) {
    if (where[u].rank == state.comm.rank()) continue;
    drawn.remote_ids.push_back(batch.node_ids[u]);
    is_fetched[u] = !std::ranges::binary_search(cached, batch.node_ids[u]);
  }
  drawn.extents = extents_by_seeds(batch, is_fetched);
  return drawn;
}

}  // namespace gigahop::sampler
