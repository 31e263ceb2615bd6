#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/generator.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

int64_t power(int64_t base, int exponent) {
  int64_t result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

/// The shortest side with num_nodes or more.
int64_t side_of(int64_t num_nodes, int dimensions) {
  auto side = static_cast<int64_t>(std::pow(static_cast<double>(num_nodes), 1.0 / dimensions));
  while (power(side, dimensions) < num_nodes) ++side;
  while (power(side - 1, dimensions) >= num_nodes) --side;
  return side;
}

/// Positions are coordinates in mixed radix. Edges are numbered by axis, then by their lower end.
struct Lattice {
  int64_t side = 0;
  int dimensions = 0;

  int64_t num_nodes() const { return power(side, dimensions); }
  int64_t edges_per_axis() const { return (side - 1) * power(side, dimensions - 1); }
  EdgeEnds positions(int64_t edge) const {
    const int64_t stride = power(side, static_cast<int>(edge / edges_per_axis()));
    const int64_t line = edge % edges_per_axis();
    const int64_t inner = line % stride;
    const int64_t along = line / stride % (side - 1);
    const int64_t outer = line / stride / (side - 1);
    const int64_t lower = (outer * side + along) * stride + inner;
    return {lower, lower + stride};
  }
};

}  // namespace

ImportSummary generate_grid(const GridOptions& given, const Destination& destination) {
  check_generator_options(given.common);
  if (given.dimensions != 2 && given.dimensions != 3) {
    throw config_error("dimensions", "2 or 3", fmt::format("{}", given.dimensions));
  }
  const Lattice lattice{side_of(given.common.num_nodes, given.dimensions), given.dimensions};
  GeneratorOptions options = given.common;
  options.num_nodes = lattice.num_nodes();
  DatasetWriter writer(destination, Direction::kUndirected, NanPolicy::kRefuse);
  const IdPermutation permutation = id_permutation(options);
  const auto class_of = [&](int64_t node) {
    return permutation.position_of(node) * options.num_classes / options.num_nodes;
  };
  write_generated_nodes(options, class_of, writer);
  write_generated_edges(options, lattice.edges_per_axis() * lattice.dimensions, writer, [&](int64_t edge) {
    const EdgeEnds positions = lattice.positions(edge);
    return EdgeEnds{permutation.id_of(positions.source), permutation.id_of(positions.target)};
  });
  return writer.finish();
}

}  // namespace gigahop::dataset
