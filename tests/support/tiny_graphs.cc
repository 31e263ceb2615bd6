#include "support/tiny_graphs.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/random.h"

namespace gigahop::tests {

EdgeList path(int64_t num_nodes) {
  EdgeList graph{num_nodes, {}};
  for (int64_t v = 1; v < num_nodes; ++v) graph.edges.emplace_back(v - 1, v);
  return graph;
}

EdgeList star(int64_t num_nodes) {
  EdgeList graph{num_nodes, {}};
  for (int64_t v = 1; v < num_nodes; ++v) graph.edges.emplace_back(0, v);
  return graph;
}

EdgeList cycle(int64_t num_nodes) {
  EdgeList graph = path(num_nodes);
  if (num_nodes > 2) graph.edges.emplace_back(num_nodes - 1, 0);
  return graph;
}

EdgeList complete(int64_t num_nodes) {
  EdgeList graph{num_nodes, {}};
  for (int64_t v = 0; v < num_nodes; ++v) {
    for (int64_t w = 0; w < v; ++w) graph.edges.emplace_back(v, w);
  }
  return graph;
}

EdgeList two_triangles_and_isolated() {
  return {7, {{0, 1}, {1, 2}, {2, 0}, {3, 4}, {4, 5}, {5, 3}}};
}

EdgeList power_law(int64_t num_nodes, double edges_per_node, uint64_t seed) {
  EdgeList graph{num_nodes, {}};
  const auto count = static_cast<int64_t>(edges_per_node * static_cast<double>(num_nodes));
  const auto draw = [&](uint32_t word) {
    const double u = to_uniform(word);
    return static_cast<int64_t>(u * u * u * static_cast<double>(num_nodes));
  };
  for (int64_t e = 0; e < count; ++e) {
    const RandomWords words = random_words({seed}, Purpose::kTest, 0, static_cast<uint64_t>(e), 0);
    graph.edges.emplace_back(draw(words[0]), draw(words[1]));
  }
  return graph;
}

PartitionInput tiny_input(EdgeList graph, int num_parts, uint64_t seed) {
  PartitionInput input;
  input.num_parts = num_parts;
  input.feature_width = 3;
  input.num_classes = 3;
  input.positional_width = 2;
  for (int64_t v = 0; v < graph.num_nodes; ++v) {
    const auto words = [&](uint32_t element) {
      return random_words({seed}, Purpose::kTest, 1, static_cast<uint64_t>(v), element);
    };
    input.part_of_node.push_back(static_cast<int32_t>(words(0)[0] % static_cast<uint32_t>(num_parts)));
    for (uint32_t f = 0; f < 3; ++f) input.features.push_back(to_normal(words(1 + f)[0], words(1 + f)[1]));
    for (uint32_t g = 0; g < 2; ++g) input.positional.push_back(to_normal(words(5 + g)[0], words(5 + g)[1]));
    input.labels.push_back(v % input.num_classes);
    const uint32_t quarter = words(0)[1] % 4;
    (quarter == 0 ? input.valid : quarter == 1 ? input.test : input.train).push_back(v);
  }
  input.graph = std::move(graph);
  return input;
}

std::vector<std::vector<int64_t>> adjacency(const EdgeList& graph, Direction direction) {
  std::vector<std::set<int64_t>> rows(static_cast<size_t>(graph.num_nodes));
  for (const auto& [source, target] : graph.edges) {
    if (source == target) continue;
    rows[static_cast<size_t>(source)].insert(target);
    if (direction == Direction::kSymmetrised) rows[static_cast<size_t>(target)].insert(source);
  }
  std::vector<std::vector<int64_t>> lists;
  for (const auto& row : rows) lists.emplace_back(row.begin(), row.end());
  return lists;
}

std::vector<double> dense_normalised_adjacency(const EdgeList& graph, Direction direction) {
  const auto n = static_cast<size_t>(graph.num_nodes);
  const auto rows = adjacency(graph, direction);
  std::vector<double> matrix(n * n, 0.0);
  const auto scale = [&](size_t v) { return 1.0 / std::sqrt(static_cast<double>(rows[v].size()) + 1.0); };
  for (size_t v = 0; v < n; ++v) {
    matrix[v * n + v] = scale(v) * scale(v);
    for (const int64_t w : rows[v]) matrix[v * n + static_cast<size_t>(w)] = scale(v) * scale(static_cast<size_t>(w));
  }
  return matrix;
}

}  // namespace gigahop::tests
