/// What the model reads of nodes: token rows from whoever owns them or from the cache, positional rows and labels of
/// this rank's own seeds.
///
/// Rows are read from the mapped shards, travel and are cached in the dtype they are stored in; only here they become
/// float32.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "array/dtype.h"
#include "comm/communicator.h"
#include "comm/exchange.h"
#include "graph/local_graph.h"
#include "sampler/directory.h"
#include "sampler/mini_batch.h"
#include "sampler/row_cache.h"
#include "tensor/matrix.h"

namespace gigahop::sampler {

/// While the cache is filled: rows that a rank asks for at a time, and messages of a pair of ranks.
inline constexpr int64_t kFillBytes = int64_t{16} << 20;
inline constexpr int64_t kFillMessageBytes = int64_t{1} << 20;

/// The rank of a Location whose row is a slot of this rank's cache.
inline constexpr int32_t kInCache = -2;

/// Who puts the token rows of a batch together.
enum class Assembly {
  kHost,
  kDevice,   // that keeps owned and cached rows itself; the host fetches the others
  kDevices,  // that send each other the others too, but for those that fill the cache
};

class FeatureStore {
 public:
  /// Collective. The graph must outlive it. Error{kData} on all ranks if a shard is not encoded or differs from the
  /// others of its rank in dtype or positional width; Error{kInternal} if ranks differ.
  FeatureStore(const graph::LocalGraph& graph, const comm::Communicator& comm, Assembly assembly = Assembly::kHost);

  int64_t feature_width() const { return feature_width_; }        // F
  int64_t positional_width() const { return positional_width_; }  // G
  array::DType token_dtype() const { return dtype_; }
  int64_t row_bytes() const { return row_bytes_; }  // of the three hops of a node, as stored

  /// Sets memory aside for the rows of so many remote nodes; none are kept yet. Error{kInternal} on all ranks if one
  /// has no memory for it. Devices have that memory. Collective.
  void make_cache(const comm::Communicator& comm, int64_t capacity);
  /// Keeps the rows of these remote nodes (ascending) instead of those before. Returns how many were fetched; what is
  /// here already is not. Collective. Cost: 24 bytes and a row per node that is fetched.
  int64_t fill_cache(const comm::Communicator& comm, const Directory& directory, std::vector<OriginalId> ids);
  /// Forgets what is kept: the device never got it.
  void forget_cache() {
    cache_ = {};
    new_cached_.clear();
  }
  /// Devices: the rows that fill_cache() fetched since the last call.
  std::vector<CachedRows> take_new_cached() { return std::exchange(new_cached_, {}); }
  const RowCache& cache() const { return cache_; }

  /// The rows of nodes at `where` on other ranks, as stored: [their number, row_bytes], in the order of where.
  /// Collective if any rank may want remote rows. Cost: 8 bytes out and 3 F elements back per remote node.
  Buffer<std::byte> fetch_remote(const comm::Communicator& comm, std::span<const Location> where,
                                 int64_t max_message_bytes = comm::kMaxMessageBytes) const;
  /// tokens [3 U, F]: row 3 u + h = hop h of the node at where[u]; overwritten. remote: as fetched for the same where.
  void assemble_tokens(std::span<const Location> where, const Buffer<std::byte>& remote, int num_threads,
                       Matrix<float>& tokens) const;
  /// kDevices: instead of fetching. Collective if any rank may want remote rows. Cost: 8 bytes out per remote node.
  RowExchange plan_exchange(const comm::Communicator& comm, std::span<const Location> where) const;
  /// Devices: instead of assembling. As MiniBatch::places, of the nodes at `where`, the cache having so many slots.
  std::vector<int64_t> places(std::span<const Location> where, int64_t cache_capacity) const;
  /// positional [B, G]; overwritten.
  void copy_positional(std::span<const LocalId> seeds, Matrix<float>& positional) const;
  std::vector<int32_t> labels(std::span<const LocalId> seeds) const;

 private:
  const std::byte* token_row(int64_t row) const;
  comm::RowPlan plan_remote(const comm::Communicator& comm, std::span<const Location> where) const;
  void keep(std::vector<int32_t> slots, Buffer<std::byte> rows);
  void convert(const std::byte* stored, float* out) const;

  const graph::LocalGraph& graph_;
  int rank_ = 0;
  int num_ranks_ = 1;
  Assembly assembly_;
  array::DType dtype_ = array::DType::kFloat32;
  int64_t feature_width_ = 0;
  int64_t positional_width_ = 0;
  int64_t row_bytes_ = 0;
  std::vector<const std::byte*> token_shards_;  // first row of each shard
  std::vector<const float*> positional_shards_;
  RowCache cache_;
  std::vector<CachedRows> new_cached_;
};

}  // namespace gigahop::sampler
