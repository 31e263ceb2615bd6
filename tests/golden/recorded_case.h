/// The recorded case of tests/golden/data as the model takes it: weights and state by name, batches as ragged lists.
///
/// Sequences are recorded as K slots with repeats; here they become distinct nodes with counts, as the sampler makes
/// them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "array/safetensors.h"
#include "model/large_gt.h"
#include "tensor/host_copy.h"

namespace gigahop::golden {

/// The extents of the case; every dropout is 0.
model::ModelShape recorded_shape(model::Attention attention);
/// "full", "local", "global", "none": the file's name.
std::string_view file_name(model::Attention attention);
array::SafetensorsFile open_recorded(std::string_view name);

constexpr model::Attention kAttentions[] = {model::Attention::kFull, model::Attention::kLocal,
                                            model::Attention::kGlobal, model::Attention::kNone};

template <class T>
std::span<const T> values_of(const array::SafetensorsFile& file, std::string_view name) {
  const array::TensorView& tensor = file.at(name);
  return {reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
}

/// What a rank holds of a batch.
template <class Device>
struct Batch {
  std::vector<OriginalId> seed_ids;
  std::vector<int32_t> labels;
  std::vector<int32_t> sample_offsets{0};
  std::vector<int32_t> sample_nodes;
  std::vector<int32_t> sample_counts;
  std::vector<OriginalId> node_ids;
  Matrix<Real<Device>, Device> positional;
  Matrix<Real<Device>, Device> tokens;

  int64_t num_seeds() const { return static_cast<int64_t>(seed_ids.size()); }
  VectorView<const int32_t, Device> label_view() const { return {labels.data(), num_seeds()}; }
  model::ModelInput<Device> input() const {
    return {.seed_ids = {seed_ids.data(), num_seeds()},
            .positional = positional.view(),
            .sample_offsets = {sample_offsets.data(), num_seeds() + 1},
            .sample_nodes = {sample_nodes.data(), static_cast<int64_t>(sample_nodes.size())},
            .sample_counts = {sample_counts.data(), static_cast<int64_t>(sample_counts.size())},
            .node_ids = {node_ids.data(), static_cast<int64_t>(node_ids.size())},
            .tokens = tokens.view(),
            .host_sample_offsets = sample_offsets};
  }
};

/// Lists of distinct nodes with counts, the seed first, the others ascending; nodes numbered by ascending id.
template <class Device>
void fill_lists(std::span<const int64_t> sequences, int64_t sample_size, Batch<Device>& batch) {
  std::vector<int64_t> distinct(sequences.begin(), sequences.end());
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const int64_t node : distinct) batch.node_ids.emplace_back(node);
  const auto index_of = [&](int64_t node) {
    return static_cast<int32_t>(std::ranges::lower_bound(distinct, node) - distinct.begin());
  };
  for (size_t first = 0; first < sequences.size(); first += static_cast<size_t>(sample_size)) {
    const auto sequence = sequences.subspan(first, static_cast<size_t>(sample_size));
    std::map<int64_t, int32_t> counts;
    for (const int64_t node : sequence) ++counts[node];
    batch.seed_ids.emplace_back(sequence[0]);
    batch.sample_nodes.push_back(index_of(sequence[0]));
    batch.sample_counts.push_back(counts.extract(sequence[0]).mapped());
    for (const auto& [node, count] : counts) {
      batch.sample_nodes.push_back(index_of(node));
      batch.sample_counts.push_back(count);
    }
    batch.sample_offsets.push_back(static_cast<int32_t>(batch.sample_nodes.size()));
  }
}

/// Seeds [first, first + count) of recorded batch `index`.
template <class Device>
Batch<Device> recorded_batch(const array::SafetensorsFile& inputs, int64_t index, int64_t first, int64_t count) {
  const std::vector<int64_t>& extents = inputs.at("sequences").shape;
  const int64_t sample_size = extents[2];
  const auto sequences = values_of<int64_t>(inputs, "sequences")
                             .subspan(static_cast<size_t>((index * extents[1] + first) * sample_size),
                                      static_cast<size_t>(count * sample_size));
  Batch<Device> batch;
  fill_lists(sequences, sample_size, batch);
  const int64_t width = inputs.at("tokens").shape[2];
  const int64_t positional_width = inputs.at("positional").shape[1];
  batch.tokens.resize(3 * static_cast<int64_t>(batch.node_ids.size()), width);
  for (size_t u = 0; u < batch.node_ids.size(); ++u) {
    const auto rows =
        values_of<float>(inputs, "tokens")
            .subspan(static_cast<size_t>(3 * width * batch.node_ids[u].value), static_cast<size_t>(3 * width));
    std::ranges::copy(rows, batch.tokens.row(3 * static_cast<int64_t>(u)));
  }
  batch.positional.resize(count, positional_width);
  for (int64_t b = 0; b < count; ++b) {
    const int64_t node = batch.seed_ids[static_cast<size_t>(b)].value;
    std::ranges::copy(values_of<float>(inputs, "positional")
                          .subspan(static_cast<size_t>(positional_width * node), static_cast<size_t>(positional_width)),
                      batch.positional.row(b));
    batch.labels.push_back(static_cast<int32_t>(values_of<int64_t>(inputs, "labels")[static_cast<size_t>(node)]));
  }
  return batch;
}

template <class Device>
void set_values(const array::SafetensorsFile& file, const std::string& name, Device& dev,
                VectorView<Real<Device>, Device> target) {
  const auto recorded = values_of<float>(file, "before/" + name);
  const std::vector<Real<Device>> values(recorded.begin(), recorded.end());
  copy_to_device<Real<Device>>(dev, values, target.data);
}

/// Weights and state as recorded before the first step.
template <class Device>
void load_recorded(const array::SafetensorsFile& file, model::LargeGt<Device>& model) {
  for (const model::ParameterSpec& spec : model.parameters().specs()) {
    set_values(file, spec.name, model.device(), model.parameters().value_vector(spec.name));
  }
  for (const auto& state : model.state()) set_values(file, state.name, model.device(), state.values);
}

}  // namespace gigahop::golden
