/// How many bytes sampling and batches will take on a rank, before anything is read: for --dry-run and for manifests.
#pragma once

#include <cstdint>

#include "sampler/loader.h"

namespace gigahop::sampler {

/// What a rank holds and loads.
struct LoadForecastInput {
  int64_t num_nodes = 0;  // N, whole graph
  int num_ranks = 1;      // R
  int64_t num_owned = 0;  // of this rank
  int64_t num_halo = 0;
  int64_t num_edges = 0;        // of owned rows
  int64_t num_total_edges = 0;  // of the whole graph
  int64_t seeds_per_step = 0;   // B of this rank
  int batches_ahead = 1;
  int64_t feature_width = 0;     // F
  int64_t positional_width = 0;  // G
  int64_t token_bytes = 4;       // of one stored element
  int64_t seeds_per_epoch = 0;   // of this rank: training nodes
};

struct LoadForecast {
  int64_t rows_bytes = 0;      // original ids, directory
  int64_t sketches_bytes = 0;  // of all salts kept, and rows of other ranks; 0 unless COORDINATED
  int64_t exchange_bytes = 0;  // buffers of one round, and of fetched rows before conversion
  int64_t cache_bytes = 0;     // remote rows that are kept, and what choosing them takes
  int64_t batches_bytes = 0;   // batches waiting, the one in use and the one being made

  int64_t total_bytes() const { return rows_bytes + sketches_bytes + exchange_bytes + cache_bytes + batches_bytes; }
};

/// Upper bounds: every sample entry a distinct node; sketches of as many long rows as the edges allow, for every group
/// and salt, within the budget. Pure.
LoadForecast forecast_load(const LoaderOptions& options, const LoadForecastInput& input);

}  // namespace gigahop::sampler
