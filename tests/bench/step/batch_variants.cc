#include "batch_variants.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "array/npy.h"

namespace gigahop::bench {

using sampler::MiniBatch;

namespace {

constexpr int64_t kHops = 3;

/// All but the lists and the tokens.
MiniBatch seeds_of(const MiniBatch& batch) {
  MiniBatch result;
  result.epoch = batch.epoch;
  result.step = batch.step;
  result.seeds = batch.seeds;
  result.seed_ids = batch.seed_ids;
  result.labels = batch.labels;
  result.positional.resize(batch.positional.rows(), batch.positional.cols());
  std::copy_n(batch.positional.data(), batch.positional.rows() * batch.positional.cols(), result.positional.data());
  return result;
}

}  // namespace

MiniBatch without_shared_tokens(const MiniBatch& batch) {
  MiniBatch result = seeds_of(batch);
  result.sample_offsets = batch.sample_offsets;
  result.sample_counts = batch.sample_counts;
  result.sample_nodes.resize(batch.sample_nodes.size());
  std::iota(result.sample_nodes.begin(), result.sample_nodes.end(), 0);
  const int64_t row_size = kHops * batch.tokens.cols();
  result.tokens.resize(kHops * static_cast<int64_t>(batch.sample_nodes.size()), batch.tokens.cols());
  for (size_t entry = 0; entry < batch.sample_nodes.size(); ++entry) {
    const int32_t node = batch.sample_nodes[entry];
    result.node_ids.push_back(batch.node_ids[static_cast<size_t>(node)]);
    std::copy_n(batch.tokens.data() + node * row_size, row_size,
                result.tokens.data() + static_cast<int64_t>(entry) * row_size);
  }
  return result;
}

MiniBatch without_counts(const MiniBatch& batch) {
  MiniBatch result = seeds_of(batch);
  result.node_ids = batch.node_ids;
  result.tokens.resize(batch.tokens.rows(), batch.tokens.cols());
  std::copy_n(batch.tokens.data(), batch.tokens.rows() * batch.tokens.cols(), result.tokens.data());
  result.sample_offsets = {0};
  for (size_t b = 0; b < batch.seeds.size(); ++b) {
    for (int32_t entry = batch.sample_offsets[b]; entry < batch.sample_offsets[b + 1]; ++entry) {
      const auto count = static_cast<size_t>(batch.sample_counts[static_cast<size_t>(entry)]);
      const int32_t node = batch.sample_nodes[static_cast<size_t>(entry)];
      result.sample_nodes.insert(result.sample_nodes.end(), count, node);
    }
    result.sample_offsets.push_back(static_cast<int32_t>(result.sample_nodes.size()));
  }
  result.sample_counts.assign(result.sample_nodes.size(), 1);
  return result;
}

void write_arrays(const std::filesystem::path& folder, const MiniBatch& batch) {
  std::filesystem::create_directories(folder);
  const MiniBatch whole = without_counts(batch);
  const int64_t num_seeds = batch.num_seeds();
  const std::vector<int64_t> sequences(whole.sample_nodes.begin(), whole.sample_nodes.end());
  const std::vector<int64_t> labels(batch.labels.begin(), batch.labels.end());
  const auto elements = [](const Matrix<float>& matrix) {
    return std::span(matrix.data(), static_cast<size_t>(matrix.rows() * matrix.cols()));
  };
  array::write_npy<int64_t>(folder / "sequences.npy", sequences,
                            {num_seeds, static_cast<int64_t>(sequences.size()) / num_seeds});
  array::write_npy<int64_t>(folder / "labels.npy", labels, {num_seeds});
  array::write_npy<float>(folder / "positional.npy", elements(batch.positional), {num_seeds, batch.positional.cols()});
  array::write_npy<float>(folder / "nodes.npy", elements(batch.tokens),
                          {batch.num_nodes(), kHops, batch.tokens.cols()});
}

}  // namespace gigahop::bench
