#include "train/cuda/batch_inputs.h"

#include <cstring>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gigahop::train {
namespace {

constexpr int64_t kAlignment = 256;

}  // namespace

/// Where the arrays of a batch lie in one piece of memory: in the order in which they are asked for.
class BatchInputs<Cuda>::Layout {
 public:
  explicit Layout(char* packed, char* memory) : packed_(packed), memory_(memory) {}

  /// Packs the values, if there is memory yet, and says where they will be on the device.
  template <class T>
  const T* place(std::span<const T> values) {
    const int64_t offset = take(static_cast<int64_t>(values.size_bytes()));
    packed_bytes_ = bytes_;
    if (packed_ == nullptr) return nullptr;
    if (!values.empty()) std::memcpy(packed_ + offset, values.data(), values.size_bytes());
    return reinterpret_cast<const T*>(memory_ + offset);
  }

  template <class T>
  VectorView<const T, Cuda> place_vector(const std::vector<T>& values) {
    return {place(std::span<const T>(values)), static_cast<int64_t>(values.size())};
  }

  MatrixView<const float, Cuda> place_matrix(const Matrix<float>& values) {
    const auto size = static_cast<size_t>(values.rows() * values.cols());
    return {place(std::span<const float>(values.data(), size)), values.rows(), values.cols()};
  }

  /// Memory of the device alone: after all that is packed.
  std::byte* leave(int64_t bytes) {
    const int64_t offset = take(bytes);
    return memory_ == nullptr ? nullptr : reinterpret_cast<std::byte*>(memory_ + offset);
  }

  int64_t packed_bytes() const { return packed_bytes_; }
  int64_t bytes() const { return bytes_; }

 private:
  int64_t take(int64_t bytes) {
    const int64_t offset = bytes_;
    bytes_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return offset;
  }

  char* packed_;
  char* memory_;
  int64_t packed_bytes_ = 0;
  int64_t bytes_ = 0;
};

void BatchInputs<Cuda>::place_all(Layout& layout, Slot& slot, const sampler::MiniBatch& batch) const {
  slot.input = {.model = {.seed_ids = layout.place_vector(batch.seed_ids),
                          .positional = layout.place_matrix(batch.positional),
                          .sample_offsets = layout.place_vector(batch.sample_offsets),
                          .sample_nodes = layout.place_vector(batch.sample_nodes),
                          .sample_counts = layout.place_vector(batch.sample_counts),
                          .node_ids = layout.place_vector(batch.node_ids),
                          .tokens = {}},
                .labels = layout.place_vector(batch.labels),
                .seeds = layout.place_vector(batch.seeds)};
  slot.places = layout.place_vector(batch.places);
  slot.fetched = {layout.place(batch.fetched.span()), batch.fetched.size()};
  slot.sent_rows = layout.place_vector(batch.exchange.sent_rows);
  if (!rows_->are_exchanged()) return;
  const std::vector<int64_t>& received = batch.exchange.num_received;
  const int64_t received_bytes = std::accumulate(received.begin(), received.end(), int64_t{0}) * rows_->row_bytes();
  slot.sent = layout.leave(slot.sent_rows.size * rows_->row_bytes());
  slot.received = layout.leave(received_bytes);
  slot.fetched = {slot.received, received_bytes};
}

void BatchInputs<Cuda>::make_room(Slot& slot, const Layout& sizes) {
  if (sizes.packed_bytes() > slot.packed_capacity) {
    slot.packed = {};
    slot.packed = PinnedMemory(sizes.packed_bytes());
    slot.packed_capacity = sizes.packed_bytes();
  }
  if (sizes.bytes() > slot.capacity) {
    slot.memory = {};
    slot.memory = CudaMemory(sizes.bytes());
    slot.capacity = sizes.bytes();
  }
}

void BatchInputs<Cuda>::send(sampler::MiniBatch batch) {
  require(num_sent_ + 1 < slots_.size(), "a batch is sent where a slot is free");
  Slot& slot = slots_[(current_ + ++num_sent_) % slots_.size()];
  slot.arrived.wait();
  Layout sizes(nullptr, nullptr);
  place_all(sizes, slot, batch);
  make_room(slot, sizes);
  Layout layout(slot.packed.data(), slot.memory.data());
  place_all(layout, slot, batch);
  slot.batch = std::move(batch);
  slot.batch.positional = {};
  slot.batch.places = {};
  slot.batch.fetched = {};
  slot.input.model.host_sample_offsets = slot.batch.sample_offsets;
  const cudaStream_t stream = dev_->copy_stream.get();
  slot.used.hold(stream);
  cuda_check(cudaMemcpyAsync(slot.memory.data(), slot.packed.data(), static_cast<size_t>(layout.packed_bytes()),
                             cudaMemcpyHostToDevice, stream),
             "cudaMemcpyAsync");
  slot.arrived.record(stream);
  if (rows_->are_exchanged()) exchange_rows(slot);
}

void BatchInputs<Cuda>::exchange_rows(Slot& slot) {
  const cudaStream_t stream = dev_->communication_stream.get();
  slot.arrived.hold(stream);
  rows_->exchange(slot.batch.exchange, slot.sent_rows, slot.sent, slot.received);
  slot.exchanged.record(stream);
  slot.batch.exchange = {};
}

BatchInput<Cuda> BatchInputs<Cuda>::receive() {
  slots_[current_].used.record(dev_->stream.get());
  current_ = (current_ + 1) % slots_.size();
  --num_sent_;
  Slot& slot = slots_[current_];
  slot.arrived.hold(dev_->stream.get());
  slot.exchanged.hold(dev_->stream.get());
  rows_->put_cached(std::exchange(slot.batch.new_cached, {}));
  slot.input.model.tokens = rows_->gather(slot.places, slot.fetched.data, slot.fetched.size / rows_->row_bytes());
  return slot.input;
}

}  // namespace gigahop::train
