/// Samples over many salts: uniform without replacement, and independent of each other where they should be.
///
/// Keys are fixed, so these tests always give the same figures. The bounds are what chance exceeds about once in 10^4.
#include <gtest/gtest.h>

#include <cmath>

#include "loading_case.h"
#include "sampler/loader.h"
#include "serial_sampler.h"

namespace gigahop::sampler {
namespace {

constexpr int64_t kTrials = 2000;
constexpr int64_t kSampleSize = 9;

/// Neighbours are on the other side, two-step ends on one's own, so no node is both: 4 + 13 candidates for every seed.
tests::EdgeList two_sided_graph() {
  tests::EdgeList edges{40, {}};
  for (int64_t v = 0; v < 20; ++v) {
    for (const int64_t shift : {0, 1, 3, 7}) edges.edges.emplace_back(v, 20 + (v + shift) % 20);
  }
  return edges;
}

/// Per trial, which candidates of the seed are in its sample: [trials, candidates].
using Draws = std::vector<std::vector<bool>>;

class Trials {
 public:
  Trials(const char* name, Sampling sampling, const tests::EdgeList& edges, const std::vector<int64_t>& seeds)
      : serial_(edges), draws_(seeds.size()) {
    const comm::Communicator world = comm::Communicator::world();
    const auto folder = write_encoded_shards(world, name, edges, 3);
    const graph::LocalGraph graph = open_graph(world, folder);
    LoaderOptions options;
    options.sample_size = kSampleSize;
    options.sampling = sampling;
    options.key = {2024};
    Loader loader(graph, world.duplicate(), options);
    std::vector<LocalId> rows;
    for (const int64_t seed : seeds) {
      const auto ids = graph.original_ids();
      rows.emplace_back(static_cast<int32_t>(std::find(ids.begin(), ids.end(), OriginalId(seed)) - ids.begin()));
    }
    for (int64_t salt = 0; salt < kTrials; ++salt) record(loader.load({.salt = salt, .seeds = rows}));
  }

  const Draws& draws(size_t seed) const { return draws_[seed]; }

 private:
  void record(const MiniBatch& batch) {
    for (int64_t b = 0; b < batch.num_seeds(); ++b) {
      const int64_t seed = batch.seed_ids[b].value;
      std::vector<int64_t> candidates = serial_.one_step(seed);
      const auto ends = serial_.two_steps(seed);
      candidates.insert(candidates.end(), ends.begin(), ends.end());
      std::vector<bool> drawn(candidates.size());
      for (int32_t s = batch.sample_offsets[b]; s < batch.sample_offsets[b + 1]; ++s) {
        const int64_t id = batch.node_ids[batch.sample_nodes[s]].value;
        const int32_t times = batch.sample_counts[s] - (id == seed ? 1 : 0);
        const auto place = std::find(candidates.begin(), candidates.end(), id);
        EXPECT_LE(times, 1);
        if (times == 0) continue;
        EXPECT_NE(place, candidates.end());
        if (place != candidates.end()) drawn[place - candidates.begin()] = true;
      }
      EXPECT_EQ(std::count(drawn.begin(), drawn.end(), true), kSampleSize - 1);
      draws_[b].push_back(drawn);
    }
  }

  SerialSampler serial_;
  std::vector<Draws> draws_;
};

double candidates_of(const Draws& draws) {
  return static_cast<double>(draws.front().size());
}

/// Chi-square of how often each candidate was drawn, scaled for draws without replacement: m - 1 degrees of freedom.
void expect_uniform(const Draws& draws) {
  const double m = candidates_of(draws);
  const double share = (kSampleSize - 1) / m;
  double chi_square = 0;
  for (size_t c = 0; c < draws.front().size(); ++c) {
    double times = 0;
    for (const auto& drawn : draws) times += drawn[c] ? 1 : 0;
    chi_square += std::pow(times - kTrials * share, 2) / (kTrials * share * (1 - share));
  }
  chi_square *= (m - 1) / m;
  EXPECT_NEAR(chi_square, m - 1, 4 * std::sqrt(2 * (m - 1)));
}

/// Every pair of candidates is drawn together as often as chance says.
void expect_uniform_pairs(const Draws& draws) {
  const double m = candidates_of(draws);
  const double share = (kSampleSize - 1) * (kSampleSize - 2) / (m * (m - 1));
  double worst = 0;
  for (size_t c = 0; c < draws.front().size(); ++c) {
    for (size_t d = 0; d < c; ++d) {
      double times = 0;
      for (const auto& drawn : draws) times += drawn[c] && drawn[d] ? 1 : 0;
      worst = std::max(worst, std::abs(times - kTrials * share) / std::sqrt(kTrials * share * (1 - share)));
    }
  }
  EXPECT_LT(worst, 5);
}

double mean_overlap(const Draws& a, const Draws& b) {
  double overlap = 0;
  for (size_t trial = 0; trial < a.size(); ++trial) {
    for (size_t c = 0; c < a[trial].size(); ++c) overlap += a[trial][c] && b[trial][c] ? 1 : 0;
  }
  return overlap / static_cast<double>(a.size());
}

bool is_for_this_number_of_ranks() {
  // Samples are the same for every number of ranks, so once is enough.
  return comm::Communicator::world().size() == 1;
}

TEST(Uniformity, holds_for_coordinated_samples) {
  if (!is_for_this_number_of_ranks()) GTEST_SKIP() << "tested on one rank";
  const Trials trials("uniform_c", Sampling::kCoordinated, two_sided_graph(), {0, 7, 25});
  for (const size_t seed : {0, 1, 2}) {
    expect_uniform(trials.draws(seed));
    expect_uniform_pairs(trials.draws(seed));
  }
}

TEST(Uniformity, holds_for_independent_samples) {
  if (!is_for_this_number_of_ranks()) GTEST_SKIP() << "tested on one rank";
  const Trials trials("uniform_i", Sampling::kIndependent, two_sided_graph(), {0, 7, 25});
  for (const size_t seed : {0, 1, 2}) {
    expect_uniform(trials.draws(seed));
    expect_uniform_pairs(trials.draws(seed));
  }
}

TEST(Overlap, of_seeds_with_the_same_candidates_is_whole_or_left_to_chance) {
  if (!is_for_this_number_of_ranks()) GTEST_SKIP() << "tested on one rank";
  // All leaves of a star have the same candidates: the hub and all leaves.
  const Trials together("overlap_c", Sampling::kCoordinated, tests::star(31), {1, 2});
  EXPECT_EQ(mean_overlap(together.draws(0), together.draws(1)), kSampleSize - 1);
  const Trials apart("overlap_i", Sampling::kIndependent, tests::star(31), {1, 2});
  const double n = kSampleSize - 1;
  const double m = candidates_of(apart.draws(0));
  const double deviation = std::sqrt(n * (n / m) * (1 - n / m) * (m - n) / (m - 1) / kTrials);
  EXPECT_NEAR(mean_overlap(apart.draws(0), apart.draws(1)), n * n / m, 4 * deviation);
}

}  // namespace
}  // namespace gigahop::sampler
