/// Token rows that ranks fetch from each other in an epoch, by policy and budget of the row cache.
///
///   mpirun -n P cache_bench PARTITION K GROUPS BATCH [coordinated|independent]
///
/// Every rank loads the training batches as `gigahop train` does, GROUPS being sampler.coordination_groups. The cache
/// is filled for epoch 0; what is counted is the mean of epochs 1 and 2, whose samples are new, with what PRESAMPLE
/// fetches to renew the cache. Budgets are percents of
/// a rank's share of the nodes, N / P rows. Checked in the same run: every batch of every policy and budget has the
/// same nodes and the same tokens. Prints a table in
/// Markdown. BEST is a bound: what a cache would leave to fetch that never changes within the two epochs, but knows
/// them beforehand.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "base/checksum.h"
#include "base/error.h"
#include "comm/collectives.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "graph/partition_folder.h"
#include "sampler/feature_store.h"
#include "sampler/loader.h"
#include "sampler/seed_plan.h"

namespace gigahop::sampler {
namespace {

constexpr int64_t kMeasuredEpochs = 2;
constexpr std::array<int64_t, 4> kPercents = {1, 5, 20, 100};

struct Case {
  const comm::Communicator& world;
  const graph::LocalGraph& graph;
  LoaderOptions options;
  int64_t batch_size;
};

/// Of all ranks.
struct Outcome {
  double fill_seconds = 0;                    // once
  int64_t remote_rows = 0;                    // of an epoch
  int64_t filled_rows = 0;                    // fetched to renew the cache for an epoch
  int64_t fetched_rows = 0;                   // and by its batches
  uint64_t checksum = 0;                      // of all batches
  std::unordered_map<int64_t, int64_t> uses;  // of this rank: batches of all epochs that want a remote node
};

/// The requests of one epoch, one after the other.
class Epoch {
 public:
  Epoch(const Case& data, int64_t epoch)
      : plan_(data.graph, Split::kTrain, data.graph.partition().num_train(), data.batch_size, SeedOrder::kShuffled,
              data.options.key),
        epoch_(epoch) {}

  std::optional<BatchRequest> next() {
    if (step_ == plan_.num_steps()) return std::nullopt;
    const int64_t step = step_++;
    return BatchRequest{.epoch = epoch_, .step = step, .salt = epoch_, .seeds = plan_.seeds(epoch_, step)};
  }

 private:
  SeedPlan plan_;
  int64_t epoch_;
  int64_t step_ = 0;
};

uint64_t checksum_of_batch(const MiniBatch& batch) {
  const uint64_t ids = checksum_of(std::as_bytes(std::span(batch.node_ids)));
  return ids * 31 + checksum_of(std::as_bytes(std::span(
                        batch.tokens.data(), static_cast<size_t>(batch.tokens.rows() * batch.tokens.cols()))));
}

Outcome measure(const Case& data) {
  Loader loader(data.graph, data.world.duplicate(), data.options);
  Outcome outcome;
  const auto fill = [&](int64_t salt) {
    Epoch epoch(data, salt);
    return loader.fill_cache(salt, [&] { return epoch.next(); });
  };
  const auto began = std::chrono::steady_clock::now();
  fill(0);
  outcome.fill_seconds =
      comm::max_over_ranks(data.world, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  std::vector<OriginalId> owned(data.graph.original_ids().begin(), data.graph.original_ids().end());
  std::sort(owned.begin(), owned.end());
  for (int64_t number = 1; number <= kMeasuredEpochs; ++number) {
    outcome.filled_rows += fill(number);
    Epoch epoch(data, number);
    while (const std::optional<BatchRequest> request = epoch.next()) {
      const MiniBatch batch = loader.load(*request);
      outcome.remote_rows += batch.num_remote_nodes;
      outcome.fetched_rows += batch.num_remote_nodes - batch.num_cached_nodes;
      outcome.checksum = outcome.checksum * 31 + checksum_of_batch(batch);
      for (const OriginalId id : batch.node_ids) {
        if (!std::ranges::binary_search(owned, id)) ++outcome.uses[id.value];
      }
    }
  }
  outcome.filled_rows = comm::sum_over_ranks(data.world, outcome.filled_rows) / kMeasuredEpochs;
  outcome.remote_rows = comm::sum_over_ranks(data.world, outcome.remote_rows) / kMeasuredEpochs;
  outcome.fetched_rows = comm::sum_over_ranks(data.world, outcome.fetched_rows) / kMeasuredEpochs;
  outcome.checksum = comm::sum_over_ranks(data.world, outcome.checksum);
  return outcome;
}

/// Fetches of an epoch that the rows wanted most would save, all ranks.
int64_t most_saved(const Case& data, const Outcome& none, int64_t capacity) {
  std::vector<int64_t> counts;
  for (const auto& [id, count] : none.uses) counts.push_back(count);
  std::sort(counts.begin(), counts.end(), std::greater<>());
  const auto kept = std::min(capacity, static_cast<int64_t>(counts.size()));
  const int64_t saved = std::accumulate(counts.begin(), counts.begin() + kept, int64_t{0});
  return comm::sum_over_ranks(data.world, saved) / kMeasuredEpochs;
}

void run(const std::filesystem::path& folder, const LoaderOptions& options, int64_t batch_size) {
  const comm::Communicator world = comm::Communicator::world();
  const bool speaks = world.rank() == 0;
  const int num_parts = graph::read_partition_manifest(folder).num_parts();
  require(num_parts == world.size(), "each part has a rank of its own");
  std::vector<int32_t> rank_of_part(static_cast<size_t>(num_parts));
  for (int part = 0; part < num_parts; ++part) rank_of_part[static_cast<size_t>(part)] = part;
  const graph::LocalGraph graph(folder, rank_of_part, world.rank());
  Case data{.world = world, .graph = graph, .options = options, .batch_size = batch_size};
  const int64_t row_bytes = FeatureStore(graph, world).row_bytes() + 12;

  const Outcome none = measure(data);
  if (speaks) {
    fmt::print("P = {}, {} nodes, {} training nodes; NONE fetches {} rows an epoch\n\n", num_parts,
               graph.map().num_nodes(), graph.partition().num_train(), none.fetched_rows);
    fmt::print("| policy | budget | fetched of NONE | of that to renew | seconds to fill |\n|---|---|---|---|---|\n");
  }
  constexpr std::array<std::pair<CachePolicy, std::string_view>, 3> kPolicies = {
      std::pair{CachePolicy::kDegree, "DEGREE"}, {CachePolicy::kVip, "VIP"}, {CachePolicy::kPresample, "PRESAMPLE"}};
  for (const int64_t percent : kPercents) {
    const int64_t saved = most_saved(data, none, graph.map().num_nodes() * percent / 100 / world.size());
    if (!speaks) continue;
    fmt::print("| BEST | {} % | {:.1f} % | | |\n", percent,
               100 - 100.0 * static_cast<double>(saved) / static_cast<double>(none.fetched_rows));
  }
  for (const auto& [policy, name] : kPolicies) {
    for (const int64_t percent : kPercents) {
      data.options.cache_policy = policy;
      data.options.cache_bytes = graph.map().num_nodes() * percent / 100 / world.size() * row_bytes;
      const Outcome outcome = measure(data);
      require(outcome.checksum == none.checksum && outcome.remote_rows == none.remote_rows,
              "batches do not depend on the cache");
      if (!speaks) continue;
      const auto of_none = [&](int64_t rows) {
        return 100.0 * static_cast<double>(rows) / static_cast<double>(none.fetched_rows);
      };
      fmt::print("| {} | {} % | {:.1f} % | {:.1f} % | {:.2f} |\n", name, percent,
                 of_none(outcome.fetched_rows + outcome.filled_rows), of_none(outcome.filled_rows),
                 outcome.fill_seconds);
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace gigahop::sampler

int main(int argc, char** argv) {
  gigahop::comm::Environment environment(&argc, &argv);
  if (argc < 5) {
    fmt::print(stderr, "usage: mpirun -n P cache_bench PARTITION K GROUPS BATCH [coordinated|independent]\n");
    return 2;
  }
  const bool is_independent = argc > 5 && std::string_view(argv[5]) == "independent";
  try {
    gigahop::sampler::run(argv[1],
                          {.sample_size = std::atoll(argv[2]),
                           .sampling = is_independent ? gigahop::sampler::Sampling::kIndependent
                                                      : gigahop::sampler::Sampling::kCoordinated,
                           .num_groups = std::atoll(argv[3]),
                           .salts_kept = 1,
                           .key = {1}},
                          std::atoll(argv[4]));
  } catch (const gigahop::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    gigahop::comm::abort_all(static_cast<int>(error.kind));
  }
  return 0;
}
