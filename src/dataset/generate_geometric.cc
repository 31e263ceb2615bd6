#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "dataset/generator.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

constexpr int64_t kPointsPerSquare = 64;
constexpr int64_t kUnit = int64_t{1} << 24;  // side of a square in the integers that places are measured in
constexpr double kMaxEdgesPerNode = 1000;    // keeps the edges of a square in memory

struct Point {
  int64_t position = 0;
  int64_t x = 0;
  int64_t y = 0;
};

/// Squares in rows; square s has the positions from s N / squares up to (s + 1) N / squares.
class Plane {
 public:
  explicit Plane(const GeneratorOptions& options) : options_(options) {
    const auto num_nodes = static_cast<double>(options.num_nodes);
    const double radius = std::sqrt(2 * options.edges_per_node / (std::numbers::pi * num_nodes));
    const double side = std::min(1 / std::max(radius, 1e-9), std::sqrt(num_nodes / kPointsPerSquare));
    side_ = std::max<int64_t>(1, static_cast<int64_t>(side));
    const double reach = radius * static_cast<double>(side_ * kUnit);
    reach_squared_ = static_cast<int64_t>(reach * reach);
  }

  int64_t num_squares() const { return side_ * side_; }
  int64_t first_position(int64_t square) const {
    __extension__ using Wide = __int128;
    return static_cast<int64_t>(static_cast<Wide>(square) * options_.num_nodes / num_squares());
  }
  bool are_near(const Point& a, const Point& b) const {
    return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) < reach_squared_;
  }

  /// Points of the square `columns` to the right and `rows` below; none beyond the border.
  std::vector<Point> points(int64_t square, int64_t columns, int64_t rows) const {
    const int64_t column = square % side_ + columns;
    const int64_t row = square / side_ + rows;
    std::vector<Point> points;
    if (column < 0 || column >= side_ || row >= side_) return points;
    const int64_t other = row * side_ + column;
    for (int64_t position = first_position(other); position < first_position(other + 1); ++position) {
      const RandomWords words = generator_words({options_.seed}, Stream::kPoint, position, 0);
      points.push_back({position, columns * kUnit + (words[0] >> 8), rows * kUnit + (words[1] >> 8)});
    }
    return points;
  }

  /// Pairs with a point in the square and the other in it, to the right of it or below, as positions.
  void append_edges(int64_t square, std::vector<EdgeEnds>& edges) const {
    const std::vector<Point> own = points(square, 0, 0);
    for (size_t i = 0; i < own.size(); ++i) {
      for (size_t j = i + 1; j < own.size(); ++j) {
        if (are_near(own[i], own[j])) edges.push_back({own[i].position, own[j].position});
      }
    }
    constexpr std::array<std::pair<int64_t, int64_t>, 4> kOthers = {{{1, 0}, {-1, 1}, {0, 1}, {1, 1}}};
    for (const auto& [columns, rows] : kOthers) {
      const std::vector<Point> others = points(square, columns, rows);
      for (const Point& a : own) {
        for (const Point& b : others) {
          if (are_near(a, b)) edges.push_back({a.position, b.position});
        }
      }
    }
  }

 private:
  GeneratorOptions options_;
  int64_t side_ = 1;
  int64_t reach_squared_ = 0;
};

void write_square_edges(const Plane& plane, const IdPermutation& permutation, const GeneratorOptions& options,
                        DatasetWriter& writer) {
  const double edges_per_square = std::max(
      1.0, static_cast<double>(options.num_nodes) * options.edges_per_node / static_cast<double>(plane.num_squares()));
  const auto chunk = static_cast<int64_t>(std::max(1.0, static_cast<double>(options.chunk) / edges_per_square));
  std::vector<std::vector<EdgeEnds>> found(static_cast<size_t>(std::min(chunk, plane.num_squares())));
  std::vector<int64_t> sources;
  std::vector<int64_t> targets;
  Progress progress("edges", "squares", plane.num_squares());
  for (int64_t first = 0; first < plane.num_squares(); first += chunk) {
    const int64_t count = std::min(chunk, plane.num_squares() - first);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; ++i) {
      std::vector<EdgeEnds>& edges = found[static_cast<size_t>(i)];
      edges.clear();
      plane.append_edges(first + i, edges);
      for (EdgeEnds& edge : edges) edge = {permutation.id_of(edge.source), permutation.id_of(edge.target)};
    }
    sources.clear();
    targets.clear();
    for (int64_t i = 0; i < count; ++i) {
      for (const EdgeEnds& edge : found[static_cast<size_t>(i)]) {
        sources.push_back(edge.source);
        targets.push_back(edge.target);
      }
    }
    writer.append_edges(sources, targets, "generator");
    progress.advance(count);
  }
  progress.finish();
}

}  // namespace

ImportSummary generate_geometric(const GeneratorOptions& options, const Destination& destination) {
  check_generator_options(options);
  const double most = std::min(kMaxEdgesPerNode, static_cast<double>(options.num_nodes) / 4);
  if (options.edges_per_node > most) {
    throw config_error("edges_per_node",
                       fmt::format("at most {} for a geometric graph of {} nodes", most, options.num_nodes),
                       fmt::format("{}", options.edges_per_node));
  }
  DatasetWriter writer(destination, Direction::kUndirected, NanPolicy::kRefuse);
  const IdPermutation permutation = id_permutation(options);
  const auto class_of = [&](int64_t node) {
    return permutation.position_of(node) * options.num_classes / options.num_nodes;
  };
  write_generated_nodes(options, class_of, writer);
  write_square_edges(Plane(options), permutation, options, writer);
  return writer.finish();
}

}  // namespace gigahop::dataset
