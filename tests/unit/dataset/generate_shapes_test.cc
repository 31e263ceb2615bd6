#include <gtest/gtest.h>
#include <omp.h>

#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "base/half.h"
#include "dataset/id_permutation.h"
#include "dataset/import.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"
#include "unit/dataset/generator_test.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

class GenerateShapes : public GeneratorTest {
 protected:
  graph::DatasetFolder blocks(const BlockModelOptions& options) { return made_by(generate_block_model, options); }
  graph::DatasetFolder geometric(const GeneratorOptions& options) { return made_by(generate_geometric, options); }
  graph::DatasetFolder grid(const GridOptions& options) { return made_by(generate_grid, options); }
};

std::vector<int64_t> degrees_of(const graph::DatasetFolder& dataset) {
  std::vector<int64_t> degrees(static_cast<size_t>(dataset.manifest().num_nodes()), 0);
  for (const auto& [source, target] : edges_of(dataset)) {
    ++degrees[static_cast<size_t>(source)];
    ++degrees[static_cast<size_t>(target)];
  }
  return degrees;
}

std::vector<int64_t> class_sizes(const graph::DatasetFolder& dataset, int32_t num_classes) {
  std::vector<int64_t> sizes(static_cast<size_t>(num_classes), 0);
  for (const int64_t label : dataset.labels()) ++sizes[static_cast<size_t>(label)];
  return sizes;
}

/// Largest component by walks from node to node.
int64_t largest_component(const graph::DatasetFolder& dataset) {
  const auto num_nodes = static_cast<size_t>(dataset.manifest().num_nodes());
  std::vector<std::vector<int64_t>> neighbours(num_nodes);
  for (const auto& [source, target] : edges_of(dataset)) {
    neighbours[static_cast<size_t>(source)].push_back(target);
    neighbours[static_cast<size_t>(target)].push_back(source);
  }
  std::vector<bool> seen(num_nodes, false);
  int64_t largest = 0;
  for (size_t start = 0; start < num_nodes; ++start) {
    std::vector<int64_t> open = {static_cast<int64_t>(start)};
    int64_t count = seen[start] ? 0 : 1;
    seen[start] = true;
    while (count > 0 && !open.empty()) {
      const auto node = static_cast<size_t>(open.back());
      open.pop_back();
      for (const int64_t other : neighbours[node]) {
        if (seen[static_cast<size_t>(other)]) continue;
        seen[static_cast<size_t>(other)] = true;
        ++count;
        open.push_back(other);
      }
    }
    largest = std::max(largest, count);
  }
  return largest;
}

TEST(IdPermutation, is_a_bijection_for_every_size_and_is_undone) {
  for (const int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100, 1000, 4095, 4097, 100000}) {
    const IdPermutation permutation(size, {7}, 6);
    std::vector<bool> seen(static_cast<size_t>(size), false);
    for (int64_t position = 0; position < size; ++position) {
      const int64_t id = permutation.id_of(position);
      ASSERT_TRUE(id >= 0 && id < size);
      ASSERT_FALSE(seen[static_cast<size_t>(id)]) << size;
      seen[static_cast<size_t>(id)] = true;
      ASSERT_EQ(permutation.position_of(id), position);
    }
  }
}

TEST(IdPermutation, follows_the_seed_and_looks_random) {
  constexpr int64_t kSize = 100000;
  const IdPermutation first(kSize, {1}, 6);
  const IdPermutation second(kSize, {2}, 6);
  int64_t kept = 0;
  int64_t equal = 0;
  double step = 0;
  std::array<double, 10> bins = {};
  for (int64_t position = 0; position + 1 < kSize; ++position) {
    kept += first.id_of(position) == position ? 1 : 0;
    equal += first.id_of(position) == second.id_of(position) ? 1 : 0;
    step += static_cast<double>(std::abs(first.id_of(position + 1) - first.id_of(position)));
    if (position < kSize / 10) ++bins[static_cast<size_t>(first.id_of(position) * 10 / kSize)];
  }
  EXPECT_LT(kept, 10) << "a random order keeps one on average";
  EXPECT_LT(equal, 10);
  EXPECT_NEAR(step / kSize, kSize / 3.0, kSize / 100.0) << "mean distance of two random ids";
  for (const double bin : bins) EXPECT_NEAR(bin, kSize / 100.0, 150);
}

TEST(IdPermutation, reaches_sizes_that_no_table_could) {
  const IdPermutation permutation(int64_t{1000000007} * 100, {3}, 6);
  for (int64_t position = 0; position < 1000; ++position) {
    ASSERT_EQ(permutation.position_of(permutation.id_of(position)), position);
  }
}

TEST_F(GenerateShapes, same_seed_gives_the_same_folder_whatever_the_chunk_and_the_threads) {
  const int usual_threads = omp_get_max_threads();
  GeneratorOptions common{.seed = 5, .num_nodes = 1000, .edges_per_node = 3, .num_classes = 5, .feature_width = 5};
  const auto fingerprints = [&] {
    return std::vector{blocks({.common = common}).fingerprint(), geometric(common).fingerprint(),
                       grid({.common = common}).fingerprint(), grid({.common = common, .dimensions = 3}).fingerprint()};
  };
  const auto usual = fingerprints();
  for (const int64_t chunk : {int64_t{13}, int64_t{777}}) {
    common.chunk = chunk;
    for (const int threads : {1, 3}) {
      omp_set_num_threads(threads);
      EXPECT_EQ(fingerprints(), usual);
    }
  }
  omp_set_num_threads(usual_threads);
  common.seed = 6;
  const auto others = fingerprints();
  for (size_t i = 0; i < usual.size(); ++i) EXPECT_NE(others[i], usual[i]);
}

TEST_F(GenerateShapes, block_degrees_follow_the_power_law_up_to_its_cap) {
  constexpr int64_t kNodes = 40000;
  constexpr double kExponent = 2.5;
  const graph::DatasetFolder dataset = blocks({.common = {.num_nodes = kNodes, .edges_per_node = 20, .num_classes = 4},
                                               .degree_exponent = kExponent,
                                               .community_exponent = 0});
  // By the midpoint rule over nodes: what a node of each quantile expects.
  std::vector<double> weights;
  for (int64_t i = 0; i < kNodes; ++i) {
    const double quantile = (static_cast<double>(i) + 0.5) / kNodes;
    weights.push_back(std::min(std::sqrt(double{kNodes}), std::pow(quantile, -1 / (kExponent - 1))));
  }
  const double scale = 40.0 * kNodes / std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<int64_t> degrees = degrees_of(dataset);
  std::sort(degrees.rbegin(), degrees.rend());
  for (const auto& [first, last] : {std::pair{0, 10}, {10, 100}, {100, 1000}, {1000, 10000}, {10000, 40000}}) {
    const double expected = scale * std::accumulate(weights.begin() + first, weights.begin() + last, 0.0);
    const auto found =
        static_cast<double>(std::accumulate(degrees.begin() + first, degrees.begin() + last, int64_t{0}));
    EXPECT_NEAR(found / expected, 1, 0.04) << first << " to " << last;
  }
}

TEST_F(GenerateShapes, block_degrees_and_sizes_are_equal_with_exponents_of_zero) {
  const graph::DatasetFolder dataset = blocks({.common = {.num_nodes = 4001,
                                                          .edges_per_node = 16,
                                                          .num_classes = 13,
                                                          .train_share = 0.4,
                                                          .valid_share = 0.3,
                                                          .test_share = 0.3},
                                               .degree_exponent = 0,
                                               .community_exponent = 0});
  for (const int64_t size : class_sizes(dataset, 13)) EXPECT_NEAR(static_cast<double>(size), 4001 / 13.0, 1);
  double chi_square = 0;
  for (const int64_t degree : degrees_of(dataset)) {
    chi_square += (static_cast<double>(degree) - 32) * (static_cast<double>(degree) - 32) / 32;
  }
  EXPECT_NEAR(chi_square, 4000, 5 * std::sqrt(2 * 4000.0));
}

TEST_F(GenerateShapes, block_sizes_follow_a_power_law_within_fifty_times_the_least) {
  const graph::DatasetFolder dataset = blocks({.common = {.num_nodes = 200000,
                                                          .edges_per_node = 0.01,
                                                          .num_classes = 1000,
                                                          .feature_width = 0,
                                                          .train_share = 0.4,
                                                          .valid_share = 0.3,
                                                          .test_share = 0.3}});
  std::vector<int64_t> sizes = class_sizes(dataset, 1000);
  std::sort(sizes.begin(), sizes.end());
  const auto least = static_cast<double>(sizes[0]);
  EXPECT_GE(least, 1);
  EXPECT_NEAR(static_cast<double>(sizes[500]) / least, 2, 0.3) << "half are twice the least or more";
  EXPECT_NEAR(static_cast<double>(sizes[900]) / least, 10, 2.5) << "a tenth are ten times the least or more";
  EXPECT_LE(static_cast<double>(sizes[999]) / least, 51);
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), int64_t{0}), 200000);
}

TEST_F(GenerateShapes, block_edges_leave_their_community_as_often_as_mixing_and_sizes_say) {
  for (const double mixing : {0.0, 0.3, 1.0}) {
    const graph::DatasetFolder dataset = blocks({.common = {.num_nodes = 5000,
                                                            .edges_per_node = 10,
                                                            .num_classes = 8,
                                                            .train_share = 0.4,
                                                            .valid_share = 0.3,
                                                            .test_share = 0.3},
                                                 .mixing = mixing});
    double meets = 0;
    for (const int64_t size : class_sizes(dataset, 8)) meets += std::pow(static_cast<double>(size) / 5000, 2);
    const double expected = mixing * (1 - meets);
    EXPECT_NEAR(share_between_classes(dataset), expected, 5 * std::sqrt(0.25 / 50000) + 1e-12);
  }
}

TEST_F(GenerateShapes, every_community_has_a_node_even_if_there_are_as_many) {
  const graph::DatasetFolder dataset = blocks({.common = {.num_nodes = 50,
                                                          .edges_per_node = 10,
                                                          .num_classes = 50,
                                                          .feature_width = 1,
                                                          .train_share = 0.4,
                                                          .valid_share = 0.3,
                                                          .test_share = 0.3}});
  for (const int64_t size : class_sizes(dataset, 50)) EXPECT_EQ(size, 1);
}

TEST_F(GenerateShapes, geometric_edges_are_the_pairs_of_a_plane) {
  constexpr int64_t kNodes = 20000;
  const graph::DatasetFolder dataset =
      geometric({.num_nodes = kNodes, .edges_per_node = 7.5, .num_classes = 10, .feature_width = 0});
  const std::vector<int64_t> degrees = degrees_of(dataset);
  const double mean = std::accumulate(degrees.begin(), degrees.end(), 0.0) / kNodes;
  EXPECT_LT(mean, 15);
  EXPECT_GT(mean, 14.2) << "only nodes near the border have fewer than 15";
  double variance = 0;
  for (const int64_t degree : degrees) variance += std::pow(static_cast<double>(degree) - mean, 2) / kNodes;
  EXPECT_NEAR(variance, 15, 3) << "points lie nearly independently";
  EXPECT_LT(share_between_classes(dataset), 0.1);
  EXPECT_GT(largest_component(dataset), kNodes * 99 / 100);
  const DatasetFacts facts = verify_dataset(output_);
  EXPECT_EQ(facts.num_self_loops, 0);
  Pairs edges = edges_of(dataset);
  for (auto& [source, target] : edges) {
    if (source > target) std::swap(source, target);
  }
  EXPECT_EQ(std::set(edges.begin(), edges.end()).size(), edges.size());
}

TEST_F(GenerateShapes, geometric_neighbours_share_neighbours) {
  const graph::DatasetFolder dataset = geometric({.num_nodes = 5000, .edges_per_node = 8});
  const Pairs edges = edges_of(dataset);
  std::vector<std::set<int64_t>> neighbours(5000);
  for (const auto& [source, target] : edges) {
    neighbours[static_cast<size_t>(source)].insert(target);
    neighbours[static_cast<size_t>(target)].insert(source);
  }
  double closed = 0;
  double open = 0;
  for (const std::set<int64_t>& mine : neighbours) {
    for (const int64_t a : mine) {
      for (const int64_t b : mine) {
        if (a < b) (neighbours[static_cast<size_t>(a)].contains(b) ? closed : open) += 1;
      }
    }
  }
  const double transitivity = 1 - 3 * std::sqrt(3.0) / (4 * std::acos(-1.0));
  EXPECT_NEAR(closed / (closed + open), transitivity, 0.02) << "the known clustering of geometric graphs in the plane";
}

TEST_F(GenerateShapes, geometric_graphs_of_few_nodes_and_long_radius_are_verified) {
  for (const int64_t num_nodes : {20, 65, 257, 1000}) {
    geometric({.num_nodes = num_nodes, .edges_per_node = static_cast<double>(num_nodes) / 4, .num_classes = 2});
    verify_dataset(output_);
  }
}

TEST_F(GenerateShapes, grids_have_the_degrees_and_the_diameter_of_a_lattice) {
  for (const int dimensions : {2, 3}) {
    const int64_t side = dimensions == 2 ? 9 : 5;
    const int64_t num_nodes = dimensions == 2 ? 81 : 125;
    const graph::DatasetFolder dataset =
        grid({.common = {.num_nodes = num_nodes - 3, .num_classes = 3}, .dimensions = dimensions});
    ASSERT_EQ(dataset.manifest().num_nodes(), num_nodes);
    const Pairs edges = edges_of(dataset);
    EXPECT_EQ(static_cast<int64_t>(edges.size()), dimensions * (side - 1) * num_nodes / side);
    std::vector<int64_t> count(7, 0);
    for (const int64_t degree : degrees_of(dataset)) ++count[static_cast<size_t>(degree)];
    EXPECT_EQ(count[static_cast<size_t>(dimensions)], int64_t{1} << dimensions) << "corners";
    EXPECT_EQ(count[static_cast<size_t>(2 * dimensions)],
              dimensions == 2 ? (side - 2) * (side - 2) : (side - 2) * (side - 2) * (side - 2))
        << "inner nodes";
    EXPECT_EQ(largest_component(dataset), num_nodes);
    EXPECT_EQ(verify_dataset(output_).num_self_loops, 0);
  }
}

TEST_F(GenerateShapes, grids_round_up_to_squares_and_cubes_and_are_connected) {
  for (const int64_t num_nodes : {49, 64, 65, 100, 126, 1000, 1001}) {
    for (const int dimensions : {2, 3}) {
      const graph::DatasetFolder dataset = grid({.common = {.num_nodes = num_nodes,
                                                            .num_classes = 1,
                                                            .feature_width = 0,
                                                            .train_share = 0.4,
                                                            .valid_share = 0.3,
                                                            .test_share = 0.3,
                                                            .chunk = 5},
                                                 .dimensions = dimensions});
      int64_t side = 1;
      while ((dimensions == 2 ? side * side : side * side * side) < num_nodes) ++side;
      EXPECT_EQ(dataset.manifest().num_nodes(), dimensions == 2 ? side * side : side * side * side);
      EXPECT_EQ(largest_component(dataset), dataset.manifest().num_nodes());
    }
  }
}

TEST_F(GenerateShapes, ids_say_nothing_about_the_place) {
  const graph::DatasetFolder dataset = grid({.common = {.num_nodes = 10000}});
  double distance = 0;
  const Pairs edges = edges_of(dataset);
  for (const auto& [source, target] : edges) distance += static_cast<double>(std::abs(source - target));
  EXPECT_NEAR(distance / static_cast<double>(edges.size()), 10000 / 3.0, 100);
}

TEST_F(GenerateShapes, half_precision_features_are_the_rounded_ones) {
  const GeneratorOptions common{.num_nodes = 300, .num_classes = 3, .feature_width = 7};
  const graph::DatasetFolder wide = blocks({.common = common});
  const auto values = wide.features().values<float>();
  const std::vector<float> expected(values.begin(), values.end());
  GeneratorOptions half = common;
  half.feature_dtype = array::DType::kFloat16;
  const graph::DatasetFolder narrow = blocks({.common = half});
  const auto found = narrow.features().values<Float16>();
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(found[i].bits, to_float16(expected[i]).bits);
}

TEST_F(GenerateShapes, names_the_field_that_cannot_be) {
  const auto refuses = [&](const std::string& field, const std::function<void()>& act) {
    expect_error(ErrorKind::kConfig, {field}, act);
    EXPECT_FALSE(fs::exists(output_));
  };
  refuses("degree_exponent", [&] { blocks({.common = {}, .degree_exponent = 2}); });
  refuses("degree_exponent", [&] { blocks({.common = {}, .degree_exponent = std::nan("")}); });
  refuses("community_exponent", [&] { blocks({.common = {}, .community_exponent = 1}); });
  refuses("mixing", [&] { blocks({.common = {}, .mixing = -0.1}); });
  refuses("num_classes", [&] { blocks({.common = {.num_nodes = 5, .num_classes = 6}}); });
  refuses("dimensions", [&] { grid({.common = {}, .dimensions = 4}); });
  refuses("edges_per_node", [&] { geometric({.num_nodes = 100, .edges_per_node = 26}); });
  refuses("edges_per_node", [&] { geometric({.num_nodes = 1000000, .edges_per_node = 1001}); });
  refuses("feature_dtype", [&] { grid({.common = {.feature_dtype = array::DType::kInt64}}); });
  expect_refused(output_, {"at least one edge"}, [&] { geometric({.edges_per_node = 0}); });
}

}  // namespace
}  // namespace gigahop::dataset
