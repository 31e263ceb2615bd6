/// One rank's share of a step's batch, ready for the model: seeds, their samples over distinct nodes, token rows.
///
/// Letters: B seeds of this rank (may be 0), U distinct nodes of all their samples, S sample entries, F features,
/// G positional width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "tensor/matrix.h"

namespace gigahop::sampler {

/// Rows that take slots of the row cache, as stored: row i that of slots[i].
struct CachedRows {
  std::vector<int32_t> slots;
  Buffer<std::byte> rows;
};

/// Rows of a batch that devices send each other, by rank: which of this rank's own go to each, one rank after the
/// other, and how many come from each.
struct RowExchange {
  std::vector<int64_t> sent_rows;     // [sum of num_sent]
  std::vector<int64_t> num_sent;      // [R]; empty without an exchange
  std::vector<int64_t> num_received;  // [R]

  bool operator==(const RowExchange&) const = default;
};

struct MiniBatch {
  int64_t epoch = 0;
  int64_t step = 0;  // within the epoch

  std::vector<LocalId> seeds;        // [B] rows of the local graph
  std::vector<OriginalId> seed_ids;  // [B]
  std::vector<int32_t> labels;       // [B] -1 = unlabelled
  Matrix<float> positional;          // [B, G]

  /// Ragged: the list of seed b is entries [sample_offsets[b], sample_offsets[b + 1]): first the seed itself, then the
  /// other distinct nodes of its sample by ascending original id. counts: how often the node stands in the sequence;
  /// the seed's own entry counts its leading place too. Counts of a list sum to K (to 1 without samples).
  std::vector<int32_t> sample_offsets;  // [B + 1]
  std::vector<int32_t> sample_nodes;    // [S] indices into the U distinct nodes
  std::vector<int32_t> sample_counts;   // [S] >= 1

  std::vector<OriginalId> node_ids;  // [U]
  Matrix<float> tokens;              // [3 U, F]: row 3 u + h = hop h of node u; empty if the device puts them together

  /// What a device that has rows itself needs to put the tokens together: where each node's row is, counted through
  /// this rank's owned rows, the slots of its cache, and the rows fetched for this batch, as stored. What takes slots
  /// of the cache does so before this batch, and after those before it.
  std::vector<int64_t> places;  // [U]
  Buffer<std::byte> fetched;    // [., row_bytes]
  RowExchange exchange;         // in the place of `fetched`: devices send the rows, which arrive by rank
  std::vector<CachedRows> new_cached;

  int64_t num_seeds() const { return static_cast<int64_t>(seeds.size()); }
  int64_t num_nodes() const { return static_cast<int64_t>(node_ids.size()); }

  /// What loading it cost, for the epoch line.
  int64_t num_remote_nodes = 0;  // owned by other ranks; of these:
  int64_t num_cached_nodes = 0;  // in the row cache; the others were fetched
  int64_t fetched_bytes = 0;     // of token rows, as stored; those that filled the cache before this batch too
  double sample_seconds = 0;
  double fetch_seconds = 0;
};

/// What loading batches cost, in sum.
struct LoadTally {
  int64_t remote_nodes = 0;  // token rows of nodes that other ranks own
  int64_t cached_nodes = 0;  // of these, rows found in the cache
  int64_t fetched_bytes = 0;

  void add(const MiniBatch& batch) {
    remote_nodes += batch.num_remote_nodes;
    cached_nodes += batch.num_cached_nodes;
    fetched_bytes += batch.fetched_bytes;
  }
};

}  // namespace gigahop::sampler
