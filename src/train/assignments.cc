#include "train/assignments.h"

#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "comm/collectives.h"
#include "ops/codebook.h"
#include "tensor/host_copy.h"
#include "train/devices.h"
#include "train/model_state.h"

namespace gigahop::train {

template <class Device>
Assignments<Device>::Assignments(Device& dev, const graph::LocalGraph& graph, int64_t num_codewords, RandomKey key)
    : dev_(&dev), graph_(&graph), num_codewords_(num_codewords), codes_(graph.num_owned()) {
  std::vector<uint16_t> initial;
  for (const OriginalId id : graph.original_ids()) initial.push_back(model::initial_code(key, id, num_codewords));
  copy_to_device<uint16_t>(dev, initial, codes_.data());
}

template <class Device>
VectorView<float, Device> Assignments<Device>::collect(model::LargeGt<Device>& model,
                                                       VectorView<const LocalId, Device> seeds) {
  if (!model.has_codebook()) return {};
  seed_codes_.resize(seeds.size);
  ops::take_codes(*dev_, codes(), seeds, {seed_codes_.data(), seeds.size});
  return model.collect_codebook({seed_codes_.data(), seeds.size});
}

template <class Device>
void Assignments<Device>::move(model::LargeGt<Device>& model, VectorView<const LocalId, Device> seeds) {
  if (model.has_codebook()) ops::put_codes(*dev_, model.move_codebook(), seeds, codes());
}

template <class Device>
std::vector<int64_t> Assignments<Device>::histogram(const comm::Communicator& comm) const {
  std::vector<int64_t> counts(static_cast<size_t>(num_codewords_));
  for (const uint16_t code : host_copy(*dev_, codes())) ++counts[code];
  comm::all_reduce_sum(comm, std::span(counts));
  return counts;
}

template <class Device>
std::vector<PartCodes> Assignments<Device>::by_part() const {
  std::vector<PartCodes> parts;
  for (size_t s = 0; s < graph_->shards().size(); ++s) {
    const graph::Shard& shard = graph_->shards()[s];
    parts.push_back({.part = shard.part(),
                     .codes = host_copy(*dev_, VectorView<const uint16_t, Device>(
                                                   codes_.data() + graph_->shard_offsets()[s], shard.num_owned()))});
  }
  return parts;
}

template <class Device>
void Assignments<Device>::load(const CheckpointReader& checkpoint) {
  for (size_t s = 0; s < graph_->shards().size(); ++s) {
    const graph::Shard& shard = graph_->shards()[s];
    const std::vector<uint16_t> codes = checkpoint.codes(shard.part(), shard.num_owned(), num_codewords_);
    copy_to_device<uint16_t>(*dev_, codes, codes_.data() + graph_->shard_offsets()[s]);
  }
}

/// codes: [N] of type T, at any alignment.
template <class Device>
template <class T>
void Assignments<Device>::load_original(std::span<const std::byte> codes, const std::filesystem::path& path) {
  const std::span<const OriginalId> ids = graph_->original_ids();
  std::vector<uint16_t> owned(ids.size());
  for (size_t row = 0; row < owned.size(); ++row) {
    T stored;
    std::memcpy(&stored, codes.data() + static_cast<size_t>(ids[row].value) * sizeof(T), sizeof(T));
    const auto code = static_cast<int64_t>(stored);
    if (code < 0 || code >= num_codewords_) {
      throw data_error(fmt::format("{}, tensor {}[{}]", path.string(), kAssignmentsTensor, ids[row].value),
                       fmt::format("a code in [0, {})", num_codewords_), fmt::format("{}", code));
    }
    owned[row] = static_cast<uint16_t>(code);
  }
  copy_to_device<uint16_t>(*dev_, owned, codes_.data());
}

template <class Device>
void Assignments<Device>::load(const array::SafetensorsFile& weights) {
  const array::TensorView& tensor = weights.at(kAssignmentsTensor);
  const std::string place = fmt::format("{}, tensor {}", weights.path().string(), kAssignmentsTensor);
  const int64_t num_nodes = graph_->map().num_nodes();
  if (tensor.shape != std::vector<int64_t>{num_nodes}) {
    throw data_error(place, fmt::format("shape [{}], one code for each node", num_nodes),
                     fmt::format("shape [{}]", fmt::join(tensor.shape, ", ")));
  }
  switch (tensor.dtype) {
    case array::DType::kInt64:
      return load_original<int64_t>(tensor.bytes, weights.path());
    case array::DType::kInt32:
      return load_original<int32_t>(tensor.bytes, weights.path());
    case array::DType::kUInt16:
      return load_original<uint16_t>(tensor.bytes, weights.path());
    default:
      throw data_error(place, "int64, int32 or uint16", array::name(tensor.dtype));
  }
}

#define GIGAHOP_INSTANTIATE(Device) template class Assignments<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
