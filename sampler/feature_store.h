/// What the model reads of nodes: token rows from whoever owns them, positional rows and labels of this rank's own
/// seeds.
///
/// Rows are read from the mapped shards and travel in the dtype they are stored in; only here they become float32.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "array/dtype.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/directory.h"
#include "tensor/matrix.h"

namespace gigahop::sampler {

class FeatureStore {
 public:
  /// Collective. The graph must outlive it. Error{kData} on all ranks if a shard is not encoded or differs from the
  /// others of its rank in dtype or positional width; Error{kInternal} if ranks differ.
  FeatureStore(const graph::LocalGraph& graph, const comm::Communicator& comm);

  int64_t feature_width() const { return feature_width_; }        // F
  int64_t positional_width() const { return positional_width_; }  // G
  array::DType token_dtype() const { return dtype_; }

  /// tokens [3 U, F]: row 3 u + h = hop h of the node at where[u]; overwritten. Returns how many rows were remote.
  /// Collective if any rank may want remote rows. Cost: 3 F elements per remote node.
  int64_t fetch_tokens(const comm::Communicator& comm, std::span<const Location> where, int num_threads,
                       Matrix<float>& tokens) const;
  /// positional [B, G]; overwritten.
  void copy_positional(std::span<const LocalId> seeds, Matrix<float>& positional) const;
  std::vector<int32_t> labels(std::span<const LocalId> seeds) const;

 private:
  const std::byte* token_row(int64_t row) const;
  void convert(const std::byte* stored, float* out) const;

  const graph::LocalGraph& graph_;
  array::DType dtype_ = array::DType::kFloat32;
  int64_t feature_width_ = 0;
  int64_t positional_width_ = 0;
  int64_t row_bytes_ = 0;                       // of three hops, as stored
  std::vector<const std::byte*> token_shards_;  // first row of each shard
  std::vector<const float*> positional_shards_;
};

}  // namespace gigahop::sampler
