#include "sampler/forecast.h"

#include <algorithm>

#include "sampler/feature_store.h"
#include "sampler/sketches.h"

namespace gigahop::sampler {
namespace {

/// The rows that are kept, the messages they arrive in, and what choosing them takes.
int64_t forecast_cache(const LoaderOptions& options, const LoadForecastInput& input, int64_t row_bytes) {
  const int64_t num_remote = input.num_nodes - input.num_owned;
  const int64_t rows = std::min(rows_in_cache(options.cache_bytes, row_bytes), num_remote);
  constexpr int64_t kIdBytes = 8;
  constexpr int64_t kSlotBytes = 4;
  constexpr int64_t kCountBytes = 16;
  int64_t choosing = 0;
  switch (options.cache_policy) {
    case CachePolicy::kNone:
      return 0;
    case CachePolicy::kDegree:
      choosing = kCountBytes * input.num_owned;
      break;
    case CachePolicy::kVip:
      choosing = 3 * kIdBytes * (input.num_owned + input.num_halo) + kCountBytes * input.num_owned;
      break;
    case CachePolicy::kPresample:
      choosing = 3 * kCountBytes * std::min(num_remote, input.seeds_per_epoch * options.sample_size);
      break;
  }
  const int64_t messages = std::min(kFillBytes + 2 * kFillMessageBytes * input.num_ranks, 3 * row_bytes * rows);
  return choosing + (row_bytes + kIdBytes + kSlotBytes) * rows + messages;
}

/// Bytes of all lists that COORDINATED could ever keep: a graph of so many edges has no more long rows.
int64_t lists_at_most(const LoaderOptions& options, const LoadForecastInput& input) {
  const int64_t longest_short = longest_short_row(options.sample_size);
  const int64_t remote_edges = input.num_ranks == 1 ? 0 : input.num_total_edges - input.num_edges;
  const int64_t long_owned = std::min(input.num_owned, input.num_edges / (longest_short + 1));
  const int64_t long_remote = std::min(input.num_halo, remote_edges / (longest_short + 1));
  const int64_t sketches =
      options.num_groups * long_owned + std::min(options.num_groups * long_remote, input.num_edges);
  const int64_t short_elements = std::min(remote_edges, input.num_halo * longest_short);
  return options.salts_kept * sketches * RowLists::bytes_of(options.sample_size - 1) +
         input.num_halo * RowLists::bytes_of(0) + short_elements * static_cast<int64_t>(sizeof(uint64_t));
}

}  // namespace

LoadForecast forecast_load(const LoaderOptions& options, const LoadForecastInput& input) {
  constexpr int64_t kHops = 3;
  constexpr int64_t kIdBytes = 8;
  const bool two_hops = options.neighbourhood == Neighbourhood::kTwoHops;
  const int64_t rows = input.num_owned + input.num_halo;
  LoadForecast forecast;

  if (two_hops) {
    forecast.rows_bytes = kIdBytes * rows + kIdBytes * ((input.num_nodes + input.num_ranks - 1) / input.num_ranks);
    // Announcing and learning original ids, before the first batch; then rounds, out and in.
    constexpr int64_t kBytesOfHaloLearnt = 48;
    const int64_t round = kIdBytes * std::min(options.round_elements, input.num_total_edges);
    forecast.exchange_bytes = std::max(2 * round, kBytesOfHaloLearnt * input.num_halo);
  }
  if (two_hops && options.sampling == Sampling::kCoordinated) {
    forecast.sketches_bytes = std::min(options.sketch_budget_bytes, lists_at_most(options, input));
    forecast.exchange_bytes += kIdBytes * std::min(options.round_elements, input.num_total_edges);
  }

  const int64_t list_entries = input.seeds_per_step * (two_hops ? options.sample_size : 1);
  const int64_t nodes = std::min(list_entries, input.num_nodes);
  const int64_t batch = nodes * (kHops * input.feature_width * static_cast<int64_t>(sizeof(float)) + kIdBytes) +
                        list_entries * 2 * static_cast<int64_t>(sizeof(int32_t)) +
                        input.seeds_per_step * (input.positional_width * static_cast<int64_t>(sizeof(float)) + 24);
  forecast.batches_bytes = (input.batches_ahead + 2) * batch;
  if (two_hops && input.num_ranks > 1) {
    const int64_t row_bytes = kHops * input.feature_width * input.token_bytes;
    forecast.exchange_bytes += nodes * row_bytes;
    forecast.cache_bytes = forecast_cache(options, input, row_bytes);
  }
  return forecast;
}

}  // namespace gigahop::sampler
