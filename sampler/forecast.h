/// How many bytes sampling and batches will take on a rank, before anything is read: for --dry-run and for manifests.
#pragma once

#include <cstdint>

#include "sampler/batch_extents.h"
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
  int batches_ahead = 1;
  int64_t feature_width = 0;     // F
  int64_t positional_width = 0;  // G
  int64_t token_bytes = 4;       // of one stored element
  BatchExtents batch = {};       // the largest
  int64_t epoch_remote = 0;      // distinct remote nodes that an epoch of training wants
  int64_t lists_bytes = 0;       // of sketches and rows of other ranks, whatever the budget
  bool refills_cache = true;     // while batches are in use, not before the first alone
};

struct LoadForecast {
  int64_t rows_bytes = 0;      // original ids, directory
  int64_t sketches_bytes = 0;  // of all salts kept, and rows of other ranks; 0 unless COORDINATED
  int64_t exchange_bytes = 0;  // buffers of one round, and of fetched rows before conversion
  int64_t cache_bytes = 0;     // remote rows that are kept, and what choosing them takes
  int64_t batches_bytes = 0;   // batches waiting or being made, and the one in use
  // Before the first batch alone, and not in the total.
  int64_t opening_bytes = 0;        // announcing and learning original ids
  int64_t first_filling_bytes = 0;  // messages that fill the cache, where that happens once

  int64_t total_bytes() const { return rows_bytes + sketches_bytes + exchange_bytes + cache_bytes + batches_bytes; }
};

/// At most what a batch of so many seeds has: every sample entry a distinct node. Pure.
BatchExtents largest_extents(const LoaderOptions& options, int64_t num_seeds, int64_t num_nodes, int64_t num_remote);

/// At most the bytes of lists that COORDINATED could ever keep: of as many long rows as the edges allow, for every
/// group and salt. The input's batch and what follows it are not looked at. Pure.
int64_t largest_lists_bytes(const LoaderOptions& options, const LoadForecastInput& input);

/// Pure.
LoadForecast forecast_load(const LoaderOptions& options, const LoadForecastInput& input);

}  // namespace gigahop::sampler
