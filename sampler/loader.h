/// Turns seeds into mini-batches: sample, collect the distinct nodes, fetch their token rows from whoever owns them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/batch_extents.h"
#include "sampler/cache_choice.h"
#include "sampler/feature_store.h"
#include "sampler/mini_batch.h"

namespace gigahop::sampler {

enum class Sampling { kCoordinated, kIndependent };
enum class Isolated { kRandom, kSelf };
/// kSeedsOnly: lists hold the seed alone, for models without local attention.
enum class Neighbourhood { kTwoHops, kSeedsOnly };

struct LoaderOptions {
  int64_t sample_size = 50;  // K
  Sampling sampling = Sampling::kCoordinated;
  int64_t num_groups = 1;  // COORDINATED: sets of shared priorities over which the seeds are spread
  Isolated isolated = Isolated::kRandom;
  Neighbourhood neighbourhood = Neighbourhood::kTwoHops;
  int num_threads = 1;
  Assembly assembly = Assembly::kHost;
  /// COORDINATED: salts whose sketches stay in memory; 2 where training and evaluation take turns.
  int salts_kept = 2;
  /// Which remote token rows fill_cache() keeps, and how many bytes of them.
  CachePolicy cache_policy = CachePolicy::kNone;
  int64_t cache_bytes = 0;
  /// COORDINATED: of sketches and rows of other ranks that stay in memory, for all salts together. Without effect on
  /// the samples.
  int64_t sketch_budget_bytes = int64_t{1} << 30;
  RandomKey key = {};
  /// Elements of 8 bytes that this rank sends or receives at a time where the amount depends on the graph.
  int64_t round_elements = int64_t{1} << 22;
};

/// Samples of evaluation and prediction: the same whatever was trained before.
inline constexpr int64_t kEvaluationSalt = int64_t{1} << 31;

/// The salt whose samples training epoch `epoch` sees; resample_every_epochs 0 = always 0. Pure.
int64_t salt_of_epoch(int64_t epoch, int64_t resample_every_epochs);

struct BatchRequest {
  int64_t epoch = 0;
  int64_t step = 0;
  int64_t salt = 0;                 // which samples; all ranks pass the same
  std::vector<LocalId> seeds = {};  // owned rows of this rank; may be empty
};

/// For one thread at a time.
class Loader {
 public:
  /// Collective. `comm` is used by this loader alone (Communicator::duplicate), `graph` must outlive it.
  /// Error{kData} on all ranks if the shards are not encoded, or not all alike.
  Loader(const graph::LocalGraph& graph, comm::Communicator comm, const LoaderOptions& options);
  ~Loader();

  /// Fills the row cache for what an epoch of these requests, of samples `salt`, will want; they are asked for until
  /// they end. Which rows are kept changes no batch. DEGREE and VIP fill it once; PRESAMPLE renews it with each salt,
  /// and rows that are not wanted stay where there is room. Nothing happens with one rank or without samples. Returns
  /// how many rows were fetched. Collective, with the same salt and sequence of (epoch, step, salt). Cost: that of
  /// choosing (sampler/cache_choice.h; for PRESAMPLE sampling the epoch), then a row per node that is new.
  int64_t fill_cache(int64_t salt, const std::function<std::optional<BatchRequest>()>& requests);

  /// Where a device keeps the rows of the cache, the next fill_cache() fetches all of them: those of batches that were
  /// loaded but not used never came there. Otherwise nothing.
  void forget_cache();

  /// Collective: all ranks load the same (epoch, step, salt), each with its own seeds. The batch does not depend on the
  /// number of ranks and threads. What belongs to a salt is kept for the salts_kept used last.
  MiniBatch load(const BatchRequest& request);

  /// How many rows the cache may have: the slots that a device which keeps them needs. Pure.
  int64_t cache_capacity() const;

  /// How large the batch of this request is: its samples are drawn, no row is fetched. Rows of `cached` nodes
  /// (ascending) are taken to be here already. Collective, like load().
  DrawnBatch draw(const BatchRequest& request, std::span<const OriginalId> cached = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gigahop::sampler
