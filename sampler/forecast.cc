#include "sampler/forecast.h"

#include <algorithm>

#include "comm/exchange.h"
#include "sampler/feature_store.h"
#include "sampler/sketches.h"

namespace gigahop::sampler {
namespace {

struct CacheForecast {
  int64_t kept_bytes = 0;      // the rows, and what choosing them takes
  int64_t messages_bytes = 0;  // that they arrive in
};

CacheForecast forecast_cache(const LoaderOptions& options, const LoadForecastInput& input, int64_t row_bytes) {
  const int64_t num_remote = input.num_nodes - input.num_owned;
  int64_t rows = std::min(rows_in_cache(options.cache_bytes, row_bytes), num_remote);
  constexpr int64_t kIdBytes = 8;
  constexpr int64_t kSlotBytes = 4;
  constexpr int64_t kCountBytes = 16;
  int64_t choosing = 0;
  switch (options.cache_policy) {
    case CachePolicy::kNone:
      return {};
    case CachePolicy::kDegree:
      choosing = kCountBytes * input.num_owned;
      break;
    case CachePolicy::kVip:
      choosing = 3 * kIdBytes * (input.num_owned + input.num_halo) + kCountBytes * input.num_owned;
      break;
    case CachePolicy::kPresample:
      choosing = 3 * kCountBytes * input.epoch_remote;
      rows = std::min(rows, input.epoch_remote);
      break;
  }
  const int64_t messages = std::min(kFillBytes + 2 * kFillMessageBytes * input.num_ranks, 3 * row_bytes * rows);
  return {.kept_bytes = choosing + (row_bytes + kIdBytes + kSlotBytes) * rows, .messages_bytes = messages};
}

}  // namespace

BatchExtents largest_extents(const LoaderOptions& options, int64_t num_seeds, int64_t num_nodes, int64_t num_remote) {
  const bool two_hops = options.neighbourhood == Neighbourhood::kTwoHops;
  const int64_t num_entries = num_seeds * (two_hops ? options.sample_size : 1);
  return {.num_seeds = num_seeds,
          .num_entries = num_entries,
          .num_nodes = std::min(num_entries, num_nodes),
          .num_remote = two_hops ? std::min(num_entries, num_remote) : 0};
}

int64_t largest_lists_bytes(const LoaderOptions& options, const LoadForecastInput& input) {
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

LoadForecast forecast_load(const LoaderOptions& options, const LoadForecastInput& input) {
  constexpr int64_t kHops = 3;
  constexpr int64_t kIdBytes = 8;
  constexpr int64_t kPlaceBytes = 8;
  const bool two_hops = options.neighbourhood == Neighbourhood::kTwoHops;
  LoadForecast forecast;

  if (two_hops) {
    forecast.rows_bytes = kIdBytes * (input.num_owned + input.num_halo) +
                          kIdBytes * ((input.num_nodes + input.num_ranks - 1) / input.num_ranks);
    constexpr int64_t kBytesOfHaloLearnt = 48;
    constexpr int64_t kBytesOfAnnouncement = 2 * 16;
    forecast.opening_bytes = std::max(kBytesOfAnnouncement * std::min(options.round_elements, input.num_owned),
                                      kBytesOfHaloLearnt * input.num_halo);
  }
  // A round, out and in.
  int64_t round =
      two_hops && input.num_ranks > 1 ? kIdBytes * std::min(options.round_elements, input.num_total_edges) : 0;
  if (two_hops && options.sampling == Sampling::kCoordinated) {
    forecast.sketches_bytes = std::min(options.sketch_budget_bytes, input.lists_bytes);
    round = std::min(round, input.lists_bytes);
  }
  forecast.exchange_bytes = 2 * round;

  const BatchExtents& largest = input.batch;
  const int64_t row_bytes = kHops * input.feature_width * input.token_bytes;
  const int64_t num_fetched = input.num_ranks > 1 ? largest.num_remote : 0;
  // Where devices exchange rows the host knows which: about as many go as come.
  const int64_t fetched = num_fetched * (options.assembly == Assembly::kDevices ? kPlaceBytes : row_bytes);
  const bool on_host = options.assembly == Assembly::kHost;
  const int64_t rows = on_host ? largest.num_nodes * kHops * input.feature_width * static_cast<int64_t>(sizeof(float))
                               : largest.num_nodes * kPlaceBytes + fetched;
  const int64_t batch = rows + largest.num_nodes * kIdBytes +
                        largest.num_entries * 2 * static_cast<int64_t>(sizeof(int32_t)) +
                        largest.num_seeds * (input.positional_width * static_cast<int64_t>(sizeof(float)) + 24);
  forecast.batches_bytes = (input.batches_ahead + 1) * batch;
  if (two_hops && input.num_ranks > 1) {
    // As they arrive and in the order they are wanted, and as many for other ranks.
    const int64_t in_messages = std::min(fetched, comm::kMaxMessageBytes * (input.num_ranks - 1));
    const CacheForecast cache = forecast_cache(options, input, row_bytes);
    forecast.cache_bytes = cache.kept_bytes;
    forecast.exchange_bytes += (on_host ? fetched : 0) + 2 * in_messages;
    // One thread fills the cache and fetches rows, one after the other.
    if (input.refills_cache) {
      forecast.exchange_bytes = std::max(forecast.exchange_bytes, cache.messages_bytes);
    } else {
      forecast.first_filling_bytes = cache.messages_bytes;
    }
  }
  return forecast;
}

}  // namespace gigahop::sampler
