#include "sampler/forecast.h"

#include <algorithm>

#include "sampler/feature_store.h"

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

}  // namespace

LoadForecast forecast_load(const LoaderOptions& options, const LoadForecastInput& input) {
  constexpr int64_t kHops = 3;
  constexpr int64_t kIdBytes = 8;
  const bool two_hops = options.neighbourhood == Neighbourhood::kTwoHops;
  const int64_t rows = input.num_owned + input.num_halo;
  const int64_t sketch_length = options.sample_size - 1;
  LoadForecast forecast;

  if (two_hops) {
    // Per halo node: degree, rank, row, and one place in each rank's plan; per row an original id and an offset.
    forecast.rows_bytes = 2 * kIdBytes * rows + 5 * kIdBytes * input.num_halo +
                          kIdBytes * ((input.num_nodes + input.num_ranks - 1) / input.num_ranks);
    forecast.exchange_bytes = 2 * kIdBytes * std::min(options.round_elements, input.num_total_edges);
  }
  if (two_hops && options.sampling == Sampling::kCoordinated) {
    const int64_t entries = std::min(input.num_edges, input.num_owned * sketch_length) +
                            std::min(input.num_total_edges - input.num_edges, input.num_halo * sketch_length);
    forecast.sketches_bytes = options.salts_kept * options.num_groups * kIdBytes * entries;
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
