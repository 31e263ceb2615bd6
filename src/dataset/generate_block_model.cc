#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/generator.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

constexpr double kLargestCommunity = 50;  // times the least one
constexpr double kWord = 0x1p-32;

void check_exponent(std::string_view field, double value, double above) {
  if (value == 0 || (value > above && value <= 1000)) return;
  throw config_error(field, fmt::format("0 (all equal), or above {} and at most 1000", above),
                     fmt::format("{}", value));
}

/// Weights over the quantiles (0, 1) of a community, heaviest first: w(t) = min(cap, t^-a), and its integral inverted.
class QuantileLaw {
 public:
  QuantileLaw(double exponent, double cap) {
    if (exponent == 0) return;
    power_ = 1 / (exponent - 1);
    cap_ = cap;
    flat_ = std::pow(cap, 1 - exponent);
    const double rest = 1 - power_;
    flat_integral_ = cap_ * flat_;
    flat_root_ = std::pow(flat_, rest);
    total_ = flat_integral_ + (1 - flat_root_) / rest;
  }

  /// Where the integral reaches the share `uniform` of its total, in [0, 1).
  double quantile(double uniform) const {
    if (power_ == 0) return uniform;
    const double integral = uniform * total_;
    if (integral < flat_integral_) return integral / cap_;
    const double rest = 1 - power_;
    return std::pow((integral - flat_integral_) * rest + flat_root_, 1 / rest);
  }

 private:
  double power_ = 0;  // a; 0: all weights are equal
  double cap_ = 1;
  double flat_ = 0;  // where t^-a falls below the cap
  double flat_integral_ = 0;
  double flat_root_ = 0;
  double total_ = 1;
};

/// Community c has the positions from starts[c] up to starts[c + 1], heaviest first.
class Communities {
 public:
  explicit Communities(const BlockModelOptions& options)
      : law_(options.degree_exponent, std::sqrt(static_cast<double>(options.common.num_nodes))) {
    const int64_t num_communities = options.common.num_classes;
    std::vector<double> ends;
    double sum = 0;
    for (int64_t c = 0; c < num_communities; ++c) ends.push_back(sum += relative_size(options, c));
    const auto spare = static_cast<double>(options.common.num_nodes - num_communities);
    for (int64_t c = 0; c + 1 < num_communities; ++c) {
      const double share = ends[static_cast<size_t>(c)] / sum;
      starts_.push_back(c + 1 + std::min(std::llround(share * spare), static_cast<long long>(spare)));
    }
    starts_.push_back(options.common.num_nodes);
  }

  int64_t of(int64_t position) const {
    return std::upper_bound(starts_.begin() + 1, starts_.end(), position) - starts_.begin() - 1;
  }
  /// A position of the community, by weight.
  int64_t draw(int64_t community, double uniform) const {
    const int64_t first = starts_[static_cast<size_t>(community)];
    const int64_t size = starts_[static_cast<size_t>(community) + 1] - first;
    const auto rank = static_cast<int64_t>(law_.quantile(uniform) * static_cast<double>(size));
    return first + std::min(rank, size - 1);
  }

 private:
  static double relative_size(const BlockModelOptions& options, int64_t community) {
    if (options.community_exponent == 0) return 1;
    const RandomWords words = generator_words({options.common.seed}, Stream::kCommunitySize, community, 0);
    const double uniform = (static_cast<double>(words[0]) + 0.5) * kWord;
    return std::min(kLargestCommunity, std::pow(uniform, -1 / (options.community_exponent - 1)));
  }

  QuantileLaw law_;
  std::vector<int64_t> starts_ = {0};
};

/// Every community has the same law, so a node by weight is the community of a uniform one, then a member by weight.
EdgeEnds draw_positions(const Communities& communities, const BlockModelOptions& options, int64_t edge) {
  const RandomKey key{options.common.seed};
  const RandomWords first = generator_words(key, Stream::kEdge, edge, 0);
  const RandomWords second = generator_words(key, Stream::kEdge, edge, 1);
  const auto uniform = [](uint32_t word) { return (static_cast<double>(word) + 0.5) * kWord; };
  const int64_t home = communities.of(to_index(first[0], first[1], options.common.num_nodes));
  const bool mixes = static_cast<double>(first[2]) * kWord < options.mixing;
  const int64_t away = mixes ? communities.of(to_index(second[0], second[1], options.common.num_nodes)) : home;
  return {communities.draw(home, uniform(first[3])), communities.draw(away, uniform(second[2]))};
}

}  // namespace

ImportSummary generate_block_model(const BlockModelOptions& options, const Destination& destination) {
  check_generator_options(options.common);
  check_share("mixing", options.mixing);
  check_exponent("degree_exponent", options.degree_exponent, 2);
  check_exponent("community_exponent", options.community_exponent, 1);
  DatasetWriter writer(destination, Direction::kUndirected, NanPolicy::kRefuse);
  const Communities communities(options);
  const IdPermutation permutation = id_permutation(options.common);
  write_generated_nodes(
      options.common, [&](int64_t node) { return communities.of(permutation.position_of(node)); }, writer);
  write_generated_edges(options.common, num_edges_of(options.common), writer, [&](int64_t edge) {
    const EdgeEnds positions = draw_positions(communities, options, edge);
    return EdgeEnds{permutation.id_of(positions.source), permutation.id_of(positions.target)};
  });
  return writer.finish();
}

}  // namespace gigahop::dataset
