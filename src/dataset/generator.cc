#include "dataset/generator.h"

#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/half.h"
#include "base/progress.h"

namespace gigahop::dataset {
namespace {

constexpr int64_t kMaxMeans = int64_t{1} << 26;
constexpr int64_t kMaxChunkElements = int64_t{1} << 22;
constexpr char kPlace[] = "generator";

void check_range(std::string_view field, double value, double lowest, double highest) {
  if (value >= lowest && value <= highest) return;
  throw config_error(field, fmt::format("from {} to {}", lowest, highest), fmt::format("{}", value));
}

/// Element k of a row of standard normal numbers; two elements share one call of the generator.
template <class Take>
void for_each_normal(RandomKey key, Stream stream, int64_t id, int64_t width, Take&& take) {
  for (int64_t k = 0; k < width; k += 2) {
    const RandomWords words = generator_words(key, stream, id, k / 2);
    take(k, to_normal(words[0], words[1]));
    if (k + 1 < width) take(k + 1, to_normal(words[2], words[3]));
  }
}

/// [C, F]: random directions, scaled to a root mean square of `separation` per column.
std::vector<float> class_means(const GeneratorOptions& options) {
  const auto width = static_cast<size_t>(options.feature_width);
  std::vector<float> means(static_cast<size_t>(options.num_classes) * width);
  for (int32_t c = 0; c < options.num_classes; ++c) {
    const std::span<float> mean = std::span(means).subspan(static_cast<size_t>(c) * width, width);
    double squares = 0;
    for_each_normal({options.seed}, Stream::kClassMean, c, options.feature_width, [&](int64_t k, float value) {
      mean[static_cast<size_t>(k)] = value;
      squares += static_cast<double>(value) * value;
    });
    const double scale = options.separation * std::sqrt(static_cast<double>(width) / squares);
    for (float& value : mean) value = static_cast<float>(value * scale);
  }
  return means;
}

void write_features(const GeneratorOptions& options, const std::function<int64_t(int64_t)>& class_of,
                    DatasetWriter& writer) {
  const int64_t width = options.feature_width;
  const std::vector<float> means = class_means(options);
  const int64_t chunk = std::clamp<int64_t>(kMaxChunkElements / width, 1, options.chunk);
  const auto elements = static_cast<size_t>(std::min(chunk, options.num_nodes) * width);
  const bool is_half = options.feature_dtype == array::DType::kFloat16;
  std::vector<float> rows(elements);
  std::vector<Float16> half_rows(is_half ? elements : 0);
  writer.begin_features(options.feature_dtype, width, kPlace);
  Progress progress("features", "nodes", options.num_nodes);
  for (int64_t first = 0; first < options.num_nodes; first += chunk) {
    const int64_t count = std::min(chunk, options.num_nodes - first);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; ++i) {
      float* const row = rows.data() + i * width;
      const float* const mean = means.data() + class_of(first + i) * width;
      for_each_normal({options.seed}, Stream::kNoise, first + i, width,
                      [&](int64_t k, float noise) { row[k] = mean[k] + noise; });
    }
    const auto used = static_cast<size_t>(count * width);
    if (is_half) {
      std::transform(rows.begin(), rows.begin() + count * width, half_rows.begin(), to_float16);
      writer.append_features(std::as_writable_bytes(std::span(half_rows).first(used)));
    } else {
      writer.append_features(std::as_writable_bytes(std::span(rows).first(used)));
    }
    progress.advance(count);
  }
  progress.finish();
  writer.end_features();
}

/// The split of a node; none for the nodes beyond the three shares.
std::optional<Split> split_of(const GeneratorOptions& options, int64_t node) {
  const RandomWords words = generator_words({options.seed}, Stream::kSplit, node, 0);
  double left = static_cast<double>(words[0]) * 0x1p-32;
  const std::array<double, 3> shares = {options.train_share, options.valid_share, options.test_share};
  for (const Split split : kSplits) {
    const double share = shares[static_cast<size_t>(split)];
    if (left < share) return split;
    left -= share;
  }
  const double sum = shares[0] + shares[1] + shares[2];
  return sum >= 1 ? std::optional(Split::kTest) : std::nullopt;
}

template <class Take>
void for_each_chunk(const GeneratorOptions& options, Take&& take) {
  for (int64_t first = 0; first < options.num_nodes; first += options.chunk) {
    take(first, std::min(first + options.chunk, options.num_nodes));
  }
}

void write_labels(const GeneratorOptions& options, const std::function<int64_t(int64_t)>& class_of,
                  DatasetWriter& writer) {
  std::vector<int64_t> labels;
  writer.begin_labels(kPlace);
  for_each_chunk(options, [&](int64_t first, int64_t last) {
    labels.clear();
    for (int64_t node = first; node < last; ++node) labels.push_back(split_of(options, node) ? class_of(node) : -1);
    writer.append_labels(labels);
  });
  writer.end_labels();
}

void write_split(const GeneratorOptions& options, Split split, DatasetWriter& writer) {
  std::vector<int64_t> ids;
  writer.begin_split(split, kPlace);
  for_each_chunk(options, [&](int64_t first, int64_t last) {
    ids.clear();
    for (int64_t node = first; node < last; ++node) {
      if (split_of(options, node) == split) ids.push_back(node);
    }
    writer.append_split(ids);
  });
  writer.end_split();
}

}  // namespace

void check_share(std::string_view field, double value) {
  check_range(field, value, 0, 1);
}

int64_t num_edges_of(const GeneratorOptions& options) {
  return std::llround(static_cast<double>(options.num_nodes) * options.edges_per_node);
}

void check_generator_options(const GeneratorOptions& options) {
  check_range("num_nodes", static_cast<double>(options.num_nodes), 2, 1e12);
  check_range("edges_per_node", options.edges_per_node, 0, 1e5);
  check_range("num_classes", options.num_classes, 1, static_cast<double>(std::min(kMaxClasses, options.num_nodes)));
  check_range("feature_width", options.feature_width, 0, 65536);
  if (options.feature_dtype != array::DType::kFloat32 && options.feature_dtype != array::DType::kFloat16) {
    throw config_error("feature_dtype", "float32 or float16", std::string(array::name(options.feature_dtype)));
  }
  check_range("separation", options.separation, 0, 1e30);
  check_share("train_share", options.train_share);
  check_share("valid_share", options.valid_share);
  check_share("test_share", options.test_share);
  const double sum = options.train_share + options.valid_share + options.test_share;
  check_range("train_share + valid_share + test_share", sum, 0, 1 + 1e-9);
  check_range("num_nodes * edges_per_node", static_cast<double>(num_edges_of(options)), 0, 0x1p56);
  if (int64_t{options.num_classes} * options.feature_width > kMaxMeans) {
    throw config_error("num_classes * feature_width", fmt::format("at most {}", kMaxMeans),
                       fmt::format("{}", int64_t{options.num_classes} * options.feature_width));
  }
  require(options.chunk > 0, "a chunk holds something");
}

void write_edge_chunks(const GeneratorOptions& options, int64_t num_edges, DatasetWriter& writer,
                       const std::function<void(int64_t, std::span<int64_t>, std::span<int64_t>)>& fill) {
  const auto buffer = static_cast<size_t>(std::min(options.chunk, num_edges));
  std::vector<int64_t> sources(buffer);
  std::vector<int64_t> targets(buffer);
  Progress progress("edges", "edges", num_edges);
  for (int64_t first = 0; first < num_edges; first += options.chunk) {
    const auto count = static_cast<size_t>(std::min(options.chunk, num_edges - first));
    fill(first, std::span(sources).first(count), std::span(targets).first(count));
    writer.append_edges(std::span(sources).first(count), std::span(targets).first(count), kPlace);
    progress.advance(static_cast<int64_t>(count));
  }
  progress.finish();
}

void write_generated_nodes(const GeneratorOptions& options, const std::function<int64_t(int64_t)>& class_of,
                           DatasetWriter& writer) {
  writer.set_num_nodes(options.num_nodes, "num_nodes");
  if (options.feature_width > 0) write_features(options, class_of, writer);
  write_labels(options, class_of, writer);
  for (const Split split : kSplits) write_split(options, split, writer);
}

}  // namespace gigahop::dataset
