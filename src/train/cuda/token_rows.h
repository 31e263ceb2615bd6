/// Token rows as a GPU reads them: the rank's own in its memory, or, where they are too many, in pinned host memory
/// that it reads over the link; those in the row cache in its memory; those fetched for a batch as they come with it,
/// or from the GPUs that own them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "array/dtype.h"
#include "sampler/mini_batch.h"
#include "tensor/cuda_buffer.h"
#include "train/token_rows.h"

namespace gigahop::train {

/// Rows [., 3 F] of one dtype.
struct StoredTokens {
  std::vector<std::span<const std::byte>> owned;  // one after another
  array::DType dtype = array::DType::kFloat32;
  int64_t feature_width = 0;  // F
  int64_t cache_capacity = 0;
  int64_t device_budget_bytes = 0;  // for the owned rows
};

template <>
class TokenRows<Cuda> {
 public:
  /// Collective. dev and comm outlive this. Errors Error{kDevice}, on all ranks if on any: no memory for the rows
  TokenRows(Cuda& dev, const comm::Communicator& comm, const graph::LocalGraph& graph, const sampler::Loader& loader,
            const proto::Config& config);
  /// The rows are copied.
  TokenRows(Cuda& dev, const StoredTokens& stored);

  bool are_owned_on_device() const { return are_owned_on_device_; }
  int64_t row_bytes() const { return row_bytes_; }

  /// Whether GPUs send each other the rows of a batch.
  bool are_exchanged() const { return comm_ != nullptr; }
  /// Behind what the communication stream has queued; only where rows are exchanged.
  ///
  /// sent_rows  [.] of `exchange`, in the device's memory
  /// sent       [sum of num_sent, row_bytes] where they are put together
  /// received   [sum of num_received, row_bytes]
  void exchange(const sampler::RowExchange& exchange, VectorView<const int64_t, Cuda> sent_rows, std::byte* sent,
                std::byte* received);

  /// These rows take their slots of the cache, behind what the device's stream has queued. Waits for that.
  void put_cached(std::span<const sampler::CachedRows> fresh);

  /// tokens [3 U, F] of a batch, behind what the device's stream has queued; there until the next call.
  ///
  /// places   [U] as sampler::MiniBatch has them
  /// fetched  [num_fetched, row_bytes]
  MatrixView<const float, Cuda> gather(VectorView<const int64_t, Cuda> places, const std::byte* fetched,
                                       int64_t num_fetched);

 private:
  void open(const StoredTokens& stored);
  char* owned() const { return are_owned_on_device_ ? owned_on_device_.data() : owned_on_host_.data(); }

  Cuda* dev_;
  const comm::Communicator* comm_ = nullptr;  // where GPUs send each other rows
  array::DType dtype_ = array::DType::kFloat32;
  int64_t feature_width_ = 0;
  int64_t row_bytes_ = 0;
  int64_t num_owned_ = 0;
  int64_t cache_capacity_ = 0;
  bool are_owned_on_device_ = false;
  CudaMemory owned_on_device_;
  PinnedMemory owned_on_host_;
  CudaMemory cached_;
  Matrix<float, Cuda> tokens_;
};

}  // namespace gigahop::train
