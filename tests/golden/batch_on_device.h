/// A recorded batch in the memory of a device.
#pragma once

#include "golden/recorded_case.h"

#if defined(GIGAHOP_TEST_CUDA)
#include "tensor/cuda_buffer.h"
#endif

namespace gigahop::golden {

/// Where memory is the host's, the batch itself.
template <class Device>
class BatchOnDevice {
 public:
  BatchOnDevice(Device&, const array::SafetensorsFile& inputs, int64_t index, int64_t first, int64_t count)
      : batch_(recorded_batch<Device>(inputs, index, first, count)) {}

  const std::vector<OriginalId>& seed_ids() const { return batch_.seed_ids; }
  VectorView<const int32_t, Device> label_view() const { return batch_.label_view(); }
  model::ModelInput<Device> input() const { return batch_.input(); }

 private:
  Batch<Device> batch_;
};

#if defined(GIGAHOP_TEST_CUDA)
template <>
class BatchOnDevice<Cuda> {
 public:
  BatchOnDevice(Cuda& dev, const array::SafetensorsFile& inputs, int64_t index, int64_t first, int64_t count)
      : dev_(dev), batch_(recorded_batch<Cpu>(inputs, index, first, count)) {
    const auto copy = [this]<class T>(const std::vector<T>& values, Buffer<T, Cuda>& target) {
      target.resize(static_cast<int64_t>(values.size()));
      copy_to_device<T>(dev_, values, target.data());
    };
    copy(batch_.seed_ids, seed_ids_);
    copy(batch_.labels, labels_);
    copy(batch_.sample_offsets, sample_offsets_);
    copy(batch_.sample_nodes, sample_nodes_);
    copy(batch_.sample_counts, sample_counts_);
    copy(batch_.node_ids, node_ids_);
    copy_matrix(batch_.positional, positional_);
    copy_matrix(batch_.tokens, tokens_);
  }

  const std::vector<OriginalId>& seed_ids() const { return batch_.seed_ids; }
  VectorView<const int32_t, Cuda> label_view() const { return view(labels_); }
  model::ModelInput<Cuda> input() const {
    return {.seed_ids = view(seed_ids_),
            .positional = positional_.view(),
            .sample_offsets = view(sample_offsets_),
            .sample_nodes = view(sample_nodes_),
            .sample_counts = view(sample_counts_),
            .node_ids = view(node_ids_),
            .tokens = tokens_.view(),
            .host_sample_offsets = batch_.sample_offsets};
  }

 private:
  void copy_matrix(const Matrix<float>& values, Matrix<float, Cuda>& target) {
    target.resize(values.rows(), values.cols());
    copy_to_device<float>(dev_, {values.data(), static_cast<size_t>(values.rows() * values.cols())}, target.data());
  }
  template <class T>
  static VectorView<const T, Cuda> view(const Buffer<T, Cuda>& buffer) {
    return {buffer.data(), buffer.size()};
  }

  Cuda& dev_;
  Batch<Cpu> batch_;
  Buffer<OriginalId, Cuda> seed_ids_;
  Buffer<int32_t, Cuda> labels_;
  Buffer<int32_t, Cuda> sample_offsets_;
  Buffer<int32_t, Cuda> sample_nodes_;
  Buffer<int32_t, Cuda> sample_counts_;
  Buffer<OriginalId, Cuda> node_ids_;
  Matrix<float, Cuda> positional_;
  Matrix<float, Cuda> tokens_;
};
#endif

}  // namespace gigahop::golden
