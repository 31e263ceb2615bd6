/// A batch of random numbers, the same on every device: what a step of some extents works on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "model/model_input.h"
#include "model/model_shape.h"
#include "tensor/cuda_buffer.h"
#include "tensor/host_copy.h"
#include "tensor/matrix.h"

namespace gigahop::bench {

struct Extents {
  int64_t num_seeds = 1024;   // B
  int64_t sample_size = 100;  // K, all of them distinct
  int64_t num_nodes = 29540;  // U, what a batch of R-MAT 20 has (tests/bench/README.md)
  model::ModelShape model = {.feature_width = 128, .hidden_width = 256, .num_classes = 47};

  int64_t num_entries() const { return num_seeds * sample_size; }
  int64_t num_tokens() const { return 3 * num_nodes; }
  int64_t tokens_of_seed() const { return 3 * sample_size; }
};

template <class T>
std::vector<T> random_numbers(int64_t count, uint64_t tag) {
  std::vector<T> values;
  values.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const RandomWords words = random_words({1}, Purpose::kTest, tag, static_cast<uint64_t>(i), 0);
    values.push_back(static_cast<T>(to_normal(words[0], words[1])));
  }
  return values;
}

template <class T, class Device>
Buffer<T, Device> on_device(Device& dev, const std::vector<T>& values) {
  Buffer<T, Device> buffer(static_cast<int64_t>(values.size()));
  copy_to_device<T>(dev, values, buffer.data());
  return buffer;
}

template <class Device>
Matrix<Real<Device>, Device> random_rows(Device& dev, int64_t rows, int64_t cols, uint64_t tag) {
  Matrix<Real<Device>, Device> matrix(rows, cols);
  copy_to_device<Real<Device>>(dev, random_numbers<Real<Device>>(rows * cols, tag), matrix.data());
  return matrix;
}

/// Lists of K distinct nodes each: the seed, then others at random in ascending order.
struct Lists {
  std::vector<int32_t> offsets = {0};
  std::vector<int32_t> nodes;

  explicit Lists(const Extents& extents) {
    for (int64_t b = 0; b < extents.num_seeds; ++b) {
      const auto seed = static_cast<int32_t>(b % extents.num_nodes);
      std::vector<int32_t> others;
      for (uint32_t i = 0; static_cast<int64_t>(others.size()) + 1 < extents.sample_size; ++i) {
        const auto node = static_cast<int32_t>(random_bits({2}, Purpose::kTest, 0, static_cast<uint64_t>(b), i) %
                                               static_cast<uint64_t>(extents.num_nodes));
        if (node != seed && std::ranges::find(others, node) == others.end()) others.push_back(node);
      }
      std::ranges::sort(others);
      nodes.push_back(seed);
      nodes.insert(nodes.end(), others.begin(), others.end());
      offsets.push_back(static_cast<int32_t>(nodes.size()));
    }
  }
};

template <class Id>
std::vector<Id> ids_below(int64_t count) {
  std::vector<Id> ids;
  for (int64_t i = 0; i < count; ++i) ids.emplace_back(static_cast<typename Id::value_type>(i));
  return ids;
}

template <class Device>
class Batch {
 public:
  Batch(Device& dev, const Extents& extents)
      : num_seeds_(extents.num_seeds),
        lists_(extents),
        seed_ids_(on_device(dev, ids_below<OriginalId>(extents.num_seeds))),
        seeds_(on_device(dev, ids_below<LocalId>(extents.num_seeds))),
        node_ids_(on_device(dev, ids_below<OriginalId>(extents.num_nodes))),
        offsets_(on_device(dev, lists_.offsets)),
        nodes_(on_device(dev, lists_.nodes)),
        counts_(on_device(dev, std::vector<int32_t>(lists_.nodes.size(), 1))),
        positional_(random_rows(dev, extents.num_seeds, extents.model.positional_width, 1)),
        tokens_(random_rows(dev, extents.num_tokens(), extents.model.feature_width, 2)) {
    std::vector<int32_t> labels;
    for (int64_t b = 0; b < num_seeds_; ++b) labels.push_back(static_cast<int32_t>(b % extents.model.num_classes));
    labels_ = on_device(dev, labels);
  }

  model::ModelInput<Device> input() const {
    return {.seed_ids = view(seed_ids_),
            .positional = positional_.view(),
            .sample_offsets = view(offsets_),
            .sample_nodes = view(nodes_),
            .sample_counts = view(counts_),
            .node_ids = view(node_ids_),
            .tokens = tokens_.view(),
            .host_sample_offsets = lists_.offsets,
            .num_seeds_all = num_seeds_};
  }
  VectorView<const int32_t, Device> labels() const { return view(labels_); }
  VectorView<const LocalId, Device> seeds() const { return view(seeds_); }

 private:
  template <class T>
  static VectorView<const T, Device> view(const Buffer<T, Device>& buffer) {
    return {buffer.data(), buffer.size()};
  }

  int64_t num_seeds_;
  Lists lists_;
  Buffer<OriginalId, Device> seed_ids_;
  Buffer<LocalId, Device> seeds_;
  Buffer<OriginalId, Device> node_ids_;
  Buffer<int32_t, Device> offsets_;
  Buffer<int32_t, Device> nodes_;
  Buffer<int32_t, Device> counts_;
  Buffer<int32_t, Device> labels_;
  Matrix<Real<Device>, Device> positional_;
  Matrix<Real<Device>, Device> tokens_;
};

}  // namespace gigahop::bench
