#include "dataset/generator.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

/// Node v is of community v mod C, so members and strangers of a community are numbered by arithmetic alone.
struct Communities {
  int64_t num_nodes = 0;
  int64_t num_communities = 0;

  int64_t of(int64_t node) const { return node % num_communities; }
  int64_t size(int64_t community) const { return (num_nodes - community + num_communities - 1) / num_communities; }
  /// Member `i` of the community.
  int64_t member(int64_t community, int64_t i) const { return community + i * num_communities; }
  /// Stranger `i` of num_nodes - size(community).
  int64_t stranger(int64_t community, int64_t i) const {
    const int64_t others = num_communities - 1;
    const int64_t residue = i % others;
    return i / others * num_communities + (residue < community ? residue : residue + 1);
  }
};

EdgeEnds draw_edge(const Communities& communities, const PlantedPartitionOptions& options, int64_t edge) {
  const RandomKey key{options.common.seed};
  const RandomWords first = generator_words(key, Stream::kEdge, edge, 0);
  const RandomWords second = generator_words(key, Stream::kEdge, edge, 1);
  const int64_t source = to_index(first[0], first[1], communities.num_nodes);
  const int64_t community = communities.of(source);
  const int64_t size = communities.size(community);
  const bool has_strangers = communities.num_communities > 1;
  const bool leaves = static_cast<double>(first[2]) * 0x1p-32 < options.mixing;
  if (has_strangers && (leaves || size == 1)) {
    return {source, communities.stranger(community, to_index(second[0], second[1], communities.num_nodes - size))};
  }
  const int64_t other = to_index(second[0], second[1], size - 1);
  const int64_t own = source / communities.num_communities;
  return {source, communities.member(community, other < own ? other : other + 1)};
}

}  // namespace

ImportSummary generate_planted_partition(const PlantedPartitionOptions& options, const Destination& destination) {
  check_generator_options(options.common);
  check_share("mixing", options.mixing);
  DatasetWriter writer(destination, Direction::kUndirected, NanPolicy::kRefuse);
  const Communities communities{options.common.num_nodes, options.common.num_classes};
  write_generated_nodes(
      options.common, [&](int64_t node) { return communities.of(node); }, writer);
  write_generated_edges(options.common, num_edges_of(options.common), writer,
                        [&](int64_t edge) { return draw_edge(communities, options, edge); });
  return writer.finish();
}

}  // namespace gigahop::dataset
