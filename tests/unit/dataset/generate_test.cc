#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"
#include "unit/dataset/generator_test.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

class Generate : public GeneratorTest {
 protected:
  graph::DatasetFolder planted(const PlantedPartitionOptions& options) {
    return made_by(generate_planted_partition, options);
  }
  graph::DatasetFolder rmat(const RmatOptions& options) { return made_by(generate_rmat, options); }
};

TEST_F(Generate, same_seed_gives_the_same_folder_whatever_the_chunk) {
  for (const int64_t chunk : {int64_t{1000000}, int64_t{777}, int64_t{13}}) {
    GeneratorOptions common{.seed = 5, .num_nodes = 300, .edges_per_node = 3, .feature_width = 5, .chunk = chunk};
    GeneratorOptions usual = common;
    usual.chunk = GeneratorOptions().chunk;
    EXPECT_EQ(planted({common}).fingerprint(), planted({usual}).fingerprint());
    EXPECT_EQ(rmat({common}).fingerprint(), rmat({usual}).fingerprint());
  }
  EXPECT_NE(planted({{.seed = 1}}).fingerprint(), planted({{.seed = 2}}).fingerprint());
  EXPECT_NE(rmat({{.seed = 1}}).fingerprint(), rmat({{.seed = 2}}).fingerprint());
}

TEST_F(Generate, planted_edges_leave_their_community_with_the_given_probability) {
  for (const double mixing : {0.0, 0.2, 1.0}) {
    const graph::DatasetFolder dataset =
        planted({.common = {.num_nodes = 5003, .edges_per_node = 10, .num_classes = 7}, .mixing = mixing});
    EXPECT_EQ(dataset.manifest().num_edges(), 50030);
    const double deviation = std::sqrt(mixing * (1 - mixing) / 50030);
    EXPECT_NEAR(share_between_classes(dataset), mixing, 5 * deviation);
    EXPECT_EQ(verify_dataset(output_).num_self_loops, 0);
  }
}

TEST_F(Generate, planted_degrees_are_those_of_uniform_ends) {
  const graph::DatasetFolder dataset = planted({{.num_nodes = 4001, .edges_per_node = 16, .num_classes = 13}});
  std::vector<double> degrees(4001, 0);
  for (const auto& [source, target] : edges_of(dataset)) {
    ++degrees[static_cast<size_t>(source)];
    ++degrees[static_cast<size_t>(target)];
  }
  const double expected = 32;
  double chi_square = 0;
  for (const double degree : degrees) chi_square += (degree - expected) * (degree - expected) / expected;
  EXPECT_NEAR(chi_square, 4000, 5 * std::sqrt(2 * 4000.0));
}

TEST_F(Generate, planted_classes_and_shares_are_as_asked) {
  const graph::DatasetFolder dataset =
      planted({{.num_nodes = 10000, .num_classes = 4, .train_share = 0.1, .valid_share = 0.2, .test_share = 0.3}});
  const DatasetFacts facts = verify_dataset(output_);
  EXPECT_NEAR(static_cast<double>(dataset.train().size()), 1000, 150);
  EXPECT_NEAR(static_cast<double>(dataset.valid().size()), 2000, 200);
  EXPECT_NEAR(static_cast<double>(dataset.test().size()), 3000, 230);
  EXPECT_NEAR(static_cast<double>(facts.num_unlabelled), 4000, 250);
  for (int64_t c = 0; c < 4; ++c) {
    const auto count = std::count(dataset.labels().begin(), dataset.labels().end(), c);
    EXPECT_NEAR(static_cast<double>(count), 1500, 180);
  }
}

TEST_F(Generate, features_are_class_means_of_the_given_scale_plus_unit_noise) {
  const int64_t width = 16;
  for (const double separation : {0.0, 0.5}) {
    const graph::DatasetFolder dataset =
        planted({{.num_nodes = 20000, .num_classes = 2, .feature_width = 16, .separation = separation}});
    const auto values = dataset.features().values<float>();
    for (int64_t c = 0; c < 2; ++c) {
      double mean_squares = 0;
      double variance = 0;
      for (int64_t k = 0; k < width; ++k) {
        double sum = 0;
        double squares = 0;
        for (int64_t node = c; node < 20000; node += 2) {
          const double value = values[static_cast<size_t>(node * width + k)];
          sum += value / 10000;
          squares += value * value / 10000;
        }
        mean_squares += sum * sum / width;
        variance += (squares - sum * sum) / width;
      }
      EXPECT_NEAR(std::sqrt(mean_squares), separation, 0.02);
      EXPECT_NEAR(variance, 1, 0.02);
    }
  }
}

TEST_F(Generate, rmat_degrees_follow_the_quadrant_probabilities) {
  const RmatOptions options{.common = {.num_nodes = 1000, .edges_per_node = 20, .num_classes = 2}};
  const graph::DatasetFolder dataset = rmat(options);
  EXPECT_EQ(dataset.manifest().num_nodes(), 1024);
  EXPECT_EQ(dataset.manifest().num_edges(), 20480);
  // The source of an edge is in the upper half with probability a + b, at each of the ten bits.
  std::vector<double> expected = {20480};
  for (int bit = 0; bit < 10; ++bit) {
    std::vector<double> next;
    for (const double mass : expected) {
      next.push_back(mass * 0.76);
      next.push_back(mass * 0.24);
    }
    expected = next;
  }
  std::vector<double> found(1024, 0);
  for (const auto& [source, target] : edges_of(dataset)) ++found[static_cast<size_t>(source)];
  std::sort(found.rbegin(), found.rend());
  std::sort(expected.rbegin(), expected.rend());
  EXPECT_NEAR(found[0], expected[0], 5 * std::sqrt(expected[0]));
  const auto top = [](const std::vector<double>& masses) {
    return std::accumulate(masses.begin(), masses.begin() + 56, 0.0);
  };
  EXPECT_NEAR(top(found), top(expected), 0.03 * 20480);
}

TEST_F(Generate, rmat_edges_stay_in_a_class_as_often_as_the_diagonal_says) {
  const graph::DatasetFolder dataset = rmat({.common = {.num_nodes = 4096, .edges_per_node = 10, .num_classes = 2}});
  EXPECT_NEAR(share_between_classes(dataset), 0.38, 5 * std::sqrt(0.38 * 0.62 / 40960));
  const auto ones = std::count(dataset.labels().begin(), dataset.labels().end(), 1);
  EXPECT_EQ(ones, 2048) << "the scrambling is a bijection, so classes are of equal size";
}

TEST_F(Generate, every_power_of_two_of_nodes_is_verified) {
  for (int64_t num_nodes = 8; num_nodes <= 4096; num_nodes *= 2) {
    const graph::DatasetFolder dataset = rmat({{.seed = 3,
                                                .num_nodes = num_nodes,
                                                .edges_per_node = 40,
                                                .num_classes = 4,
                                                .feature_width = 0,
                                                .train_share = 0.4,
                                                .valid_share = 0.3,
                                                .test_share = 0.3}});
    verify_dataset(output_);
    for (int64_t c = 0; c < 4; ++c) {
      EXPECT_EQ(std::count(dataset.labels().begin(), dataset.labels().end(), c), num_nodes / 4);
    }
  }
}

TEST_F(Generate, names_the_field_that_cannot_be) {
  const auto expect_config = [&](const GeneratorOptions& common, const std::string& field) {
    expect_error(ErrorKind::kConfig, {field}, [&] { generate_planted_partition({common}, {.folder = output_}); });
    expect_error(ErrorKind::kConfig, {field}, [&] { generate_rmat({common}, {.folder = output_}); });
    EXPECT_FALSE(fs::exists(output_));
  };
  expect_config({.num_nodes = 1}, "num_nodes");
  expect_config({.edges_per_node = -1}, "edges_per_node");
  expect_config({.num_nodes = 5, .num_classes = 6}, "num_classes");
  expect_config({.feature_width = -1}, "feature_width");
  expect_config({.separation = std::nan("")}, "separation");
  expect_config({.train_share = 0.9, .valid_share = 0.2}, "train_share + valid_share + test_share");
  expect_config({.num_nodes = 1000000, .num_classes = 65535, .feature_width = 65536}, "feature_width");
  expect_error(ErrorKind::kConfig, {"mixing"},
               [&] { generate_planted_partition({.common = {}, .mixing = 1.5}, {.folder = output_}); });
  expect_error(ErrorKind::kConfig, {"rmat_a + rmat_b"},
               [&] { generate_rmat({.common = {}, .a = 0.8, .b = 0.3, .c = 0}, {.folder = output_}); });
  expect_refused(output_, {"at least one edge"},
                 [&] { generate_planted_partition({{.edges_per_node = 0}}, {.folder = output_}); });
  expect_refused(output_, {"nodes in the valid split"},
                 [&] { generate_planted_partition({{.valid_share = 0}}, {.folder = output_}); });
}

}  // namespace
}  // namespace gigahop::dataset
