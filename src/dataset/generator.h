/// What the generators share: features, labels and splits as functions of (seed, node), and edges by chunks.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "base/random.h"
#include "dataset/dataset_writer.h"
#include "dataset/id_permutation.h"
#include "dataset/import.h"

namespace gigahop::dataset {

/// What the random numbers of Purpose::kGenerator are for: the word `step` of the counter. id: edge, node or class.
enum class Stream : uint64_t {
  kEdge = 0,
  kSplit = 1,
  kNoise = 2,
  kClassMean = 3,
  kPoint = 4,
  kCommunitySize = 5,
  kPermutation = 6
};

inline RandomWords generator_words(RandomKey key, Stream stream, int64_t id, int64_t element) {
  return random_words(key, Purpose::kGenerator, static_cast<uint64_t>(stream), static_cast<uint64_t>(id),
                      static_cast<uint32_t>(element));
}

/// A uniform integer in [0, bound) from two words; the bias is below bound / 2^64.
inline int64_t to_index(uint32_t low, uint32_t high, int64_t bound) {
  __extension__ using Wide = unsigned __int128;
  const uint64_t bits = static_cast<uint64_t>(high) << 32 | low;
  return static_cast<int64_t>(static_cast<Wide>(bits) * static_cast<uint64_t>(bound) >> 64);
}

/// Error{kConfig} naming the field that cannot be.
void check_generator_options(const GeneratorOptions& options);
void check_share(std::string_view field, double value);

int64_t num_edges_of(const GeneratorOptions& options);

/// The order in which positions, which the generators draw, become ids.
inline IdPermutation id_permutation(const GeneratorOptions& options) {
  return {options.num_nodes, {options.seed}, static_cast<uint64_t>(Stream::kPermutation)};
}

struct EdgeEnds {
  int64_t source = 0;
  int64_t target = 0;
};

/// Writes edges 0 .. num_edges - 1 in order; `ends(edge)` must be pure and is called by several threads.
template <class Ends>
void write_generated_edges(const GeneratorOptions& options, int64_t num_edges, DatasetWriter& writer, const Ends& ends);

/// Writes features (if F > 0), labels and splits; `class_of(node)` must be pure.
void write_generated_nodes(const GeneratorOptions& options, const std::function<int64_t(int64_t)>& class_of,
                           DatasetWriter& writer);

void write_edge_chunks(const GeneratorOptions& options, int64_t num_edges, DatasetWriter& writer,
                       const std::function<void(int64_t first, std::span<int64_t>, std::span<int64_t>)>& fill);

template <class Ends>
void write_generated_edges(const GeneratorOptions& options, int64_t num_edges, DatasetWriter& writer,
                           const Ends& ends) {
  const auto fill = [&](int64_t first, std::span<int64_t> sources, std::span<int64_t> targets) {
    const auto count = static_cast<int64_t>(sources.size());
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; ++i) {
      const EdgeEnds edge = ends(first + i);
      sources[static_cast<size_t>(i)] = edge.source;
      targets[static_cast<size_t>(i)] = edge.target;
    }
  };
  write_edge_chunks(options, num_edges, writer, fill);
}

}  // namespace gigahop::dataset
