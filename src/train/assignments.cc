#include "train/assignments.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "comm/collectives.h"
#include "train/devices.h"
#include "train/model_state.h"

namespace gigahop::train {

Assignments::Assignments(const graph::LocalGraph& graph, int64_t num_codewords, RandomKey key)
    : graph_(&graph), num_codewords_(num_codewords), codes_(static_cast<size_t>(graph.num_owned())) {
  const std::span<const OriginalId> ids = graph.original_ids();
  for (size_t row = 0; row < codes_.size(); ++row) codes_[row] = model::initial_code(key, ids[row], num_codewords);
}

template <class Device>
void Assignments::update(model::LargeGt<Device>& model, std::span<const LocalId> seeds) {
  if (!model.has_codebook()) return;
  seed_codes_.resize(seeds.size());
  for (size_t b = 0; b < seeds.size(); ++b) seed_codes_[b] = codes_[static_cast<size_t>(seeds[b].value)];
  model.update_codebook(seed_codes_);
  for (size_t b = 0; b < seeds.size(); ++b) codes_[static_cast<size_t>(seeds[b].value)] = seed_codes_[b];
}

std::vector<int64_t> Assignments::histogram(const comm::Communicator& comm) const {
  std::vector<int64_t> counts(static_cast<size_t>(num_codewords_));
  for (const uint16_t code : codes_) ++counts[code];
  comm::all_reduce_sum(comm, std::span(counts));
  return counts;
}

std::vector<PartCodes> Assignments::by_part() const {
  std::vector<PartCodes> parts;
  for (size_t s = 0; s < graph_->shards().size(); ++s) {
    const int64_t* const offset = graph_->shard_offsets().data() + s;
    parts.push_back(
        {.part = graph_->shards()[s].part(), .codes = {codes_.begin() + offset[0], codes_.begin() + offset[1]}});
  }
  return parts;
}

void Assignments::load(const CheckpointReader& checkpoint) {
  for (size_t s = 0; s < graph_->shards().size(); ++s) {
    const graph::Shard& shard = graph_->shards()[s];
    const std::vector<uint16_t> codes = checkpoint.codes(shard.part(), shard.num_owned(), num_codewords_);
    std::copy(codes.begin(), codes.end(), codes_.begin() + graph_->shard_offsets()[s]);
  }
}

/// codes: [N] of type T, at any alignment.
template <class T>
void Assignments::load_original(std::span<const std::byte> codes, const std::filesystem::path& path) {
  const std::span<const OriginalId> ids = graph_->original_ids();
  for (size_t row = 0; row < codes_.size(); ++row) {
    T stored;
    std::memcpy(&stored, codes.data() + static_cast<size_t>(ids[row].value) * sizeof(T), sizeof(T));
    const auto code = static_cast<int64_t>(stored);
    if (code < 0 || code >= num_codewords_) {
      throw data_error(fmt::format("{}, tensor {}[{}]", path.string(), kAssignmentsTensor, ids[row].value),
                       fmt::format("a code in [0, {})", num_codewords_), fmt::format("{}", code));
    }
    codes_[row] = static_cast<uint16_t>(code);
  }
}

void Assignments::load(const array::SafetensorsFile& weights) {
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

#define GIGAHOP_INSTANTIATE(Device) \
  template void Assignments::update(model::LargeGt<Device>&, std::span<const LocalId>);
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
