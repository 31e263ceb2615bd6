/// The row cache: batches that do not depend on it, and choices against sums over all pairs of nodes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/random.h"
#include "comm/collectives.h"
#include "loading_case.h"
#include "sampler/access_weights.h"
#include "sampler/cache_choice.h"
#include "sampler/feature_store.h"
#include "sampler/loader.h"

namespace gigahop::sampler {
namespace {

constexpr int64_t kSampleSize = 6;

/// Two steps with half of this rank's rows each, of samples `salt`.
std::vector<BatchRequest> requests_of(const graph::LocalGraph& graph, int64_t salt) {
  std::vector<BatchRequest> requests(2);
  for (const LocalId row : all_rows(graph)) requests[static_cast<size_t>(row.value % 2)].seeds.push_back(row);
  for (int64_t step = 0; step < 2; ++step) {
    requests[step].step = step;
    requests[step].salt = salt;
  }
  return requests;
}

std::function<std::optional<BatchRequest>()> source_of(const std::vector<BatchRequest>& requests) {
  return [&requests, next = size_t{0}]() mutable -> std::optional<BatchRequest> {
    if (next == requests.size()) return std::nullopt;
    return requests[next++];
  };
}

std::vector<float> tokens_of(const MiniBatch& batch) {
  return {batch.tokens.data(), batch.tokens.data() + batch.tokens.rows() * batch.tokens.cols()};
}

void expect_same(const MiniBatch& a, const MiniBatch& b) {
  EXPECT_EQ(a.node_ids, b.node_ids);
  EXPECT_EQ(a.sample_nodes, b.sample_nodes);
  EXPECT_EQ(a.sample_counts, b.sample_counts);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(tokens_of(a), tokens_of(b));
  EXPECT_EQ(a.num_remote_nodes, b.num_remote_nodes);
}

class CacheTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, array::DType dtype = array::DType::kFloat32) {
    return write_encoded_shards(world_, name, edges_, 7, dtype);
  }
  comm::Communicator world_ = comm::Communicator::world();
  tests::EdgeList edges_ = tests::power_law(90, 3, 8);
};

TEST_F(CacheTest, changes_no_batch_whatever_the_policy_budget_and_dtype) {
  for (const array::DType dtype : {array::DType::kFloat32, array::DType::kFloat16, array::DType::kBFloat16}) {
    const graph::LocalGraph graph = open_graph(world_, write("cache_" + std::string(array::name(dtype)), dtype));
    const int64_t row_bytes = FeatureStore(graph, world_).row_bytes();
    EXPECT_EQ(row_bytes, 9 * array::bytes_of(dtype));
    LoaderOptions options{.sample_size = kSampleSize, .num_groups = 3};
    Loader plain(graph, world_.duplicate(), options);
    for (const CachePolicy policy : {CachePolicy::kDegree, CachePolicy::kVip, CachePolicy::kPresample}) {
      for (const int64_t rows : {0, 1, 10, 1000}) {
        options.cache_policy = policy;
        options.cache_bytes = rows * (row_bytes + 12);
        Loader cached(graph, world_.duplicate(), options);
        for (int64_t salt = 0; salt < 3; ++salt) {
          const std::vector<BatchRequest> requests = requests_of(graph, salt);
          const int64_t filled = cached.fill_cache(salt, source_of(requests));
          int64_t fetched = filled;
          int64_t fetched_bytes = 0;
          for (const BatchRequest& request : requests) {
            const MiniBatch batch = cached.load(request);
            expect_same(plain.load(request), batch);
            EXPECT_LE(batch.num_cached_nodes, batch.num_remote_nodes);
            fetched += batch.num_remote_nodes - batch.num_cached_nodes;
            fetched_bytes += batch.fetched_bytes;
            const bool has_everything = rows == 1000 && policy != CachePolicy::kVip;
            EXPECT_TRUE(!has_everything || batch.num_cached_nodes == batch.num_remote_nodes);
          }
          EXPECT_EQ(fetched_bytes, fetched * row_bytes);
          EXPECT_LE(filled, rows);
          EXPECT_EQ(cached.fill_cache(salt, source_of(requests)), 0) << "it is filled for this salt";
        }
      }
    }
  }
}

TEST_F(CacheTest, is_not_filled_by_one_rank_or_without_samples) {
  const graph::LocalGraph graph = open_graph(world_, write("no_cache"));
  Loader loader(
      graph, world_.duplicate(),
      {.neighbourhood = Neighbourhood::kSeedsOnly, .cache_policy = CachePolicy::kPresample, .cache_bytes = 1 << 20});
  const std::vector<BatchRequest> requests = requests_of(graph, 0);
  EXPECT_EQ(loader.fill_cache(0, source_of(requests)), 0);
  EXPECT_EQ(loader.load(requests[0]).num_cached_nodes, 0);
}

/// c_i of the seed, and over its walks of one and two steps.
std::vector<double> dense_weights(const std::vector<std::vector<int64_t>>& adjacent,
                                  const std::vector<int64_t>& seeds) {
  std::vector<double> weights(adjacent.size());
  for (const int64_t seed : seeds) {
    std::vector<int64_t> ends = adjacent[seed];
    for (const int64_t neighbour : adjacent[seed]) {
      ends.insert(ends.end(), adjacent[neighbour].begin(), adjacent[neighbour].end());
    }
    const double each = std::min(1.0, static_cast<double>(kSampleSize - 1) / static_cast<double>(ends.size()));
    for (const int64_t end : ends) weights[end] += each;
  }
  return weights;
}

/// The owner of every node.
std::vector<int32_t> ranks_of_nodes(const comm::Communicator& world, const graph::LocalGraph& graph,
                                    int64_t num_nodes) {
  std::vector<int32_t> ranks(static_cast<size_t>(num_nodes));
  for (const OriginalId id : graph.original_ids()) ranks[id.value] = world.rank();
  comm::all_reduce_sum(world, std::span<int32_t>(ranks));
  return ranks;
}

TEST_F(CacheTest, weighs_nodes_by_the_walks_of_each_ranks_seeds) {
  const graph::LocalGraph graph = open_graph(world_, write("weights"));
  const auto adjacent = tests::adjacency(edges_, tests::Direction::kSymmetrised);
  const std::vector<int32_t> rank_of_node = ranks_of_nodes(world_, graph, edges_.num_nodes);
  std::vector<LocalId> rows;
  for (const LocalId row : all_rows(graph)) {
    if (graph.original_ids()[row.value].value % 3 == 0) rows.push_back(row);
  }
  const AccessWeights weights(graph, world_, rows, kSampleSize);
  for (int rank = 0; rank < world_.size(); ++rank) {
    std::vector<int64_t> seeds;
    for (int64_t node = 0; node < edges_.num_nodes; node += 3) {
      if (rank_of_node[node] == rank) seeds.push_back(node);
    }
    const std::vector<double> expected = dense_weights(adjacent, seeds);
    const std::vector<float> mine = weights.of_rank(world_, rank);
    for (int64_t row = 0; row < graph.num_owned() && rank != world_.rank(); ++row) {
      EXPECT_NEAR(mine[row], expected[graph.original_ids()[row].value], 1e-5);
    }
  }
}

TEST_F(CacheTest, takes_the_highest_of_all_ranks) {
  for (const int64_t capacity : {0, 1, 5, 17, 100}) {
    std::vector<Candidate> all;
    for (int64_t id = 0; id < 40; ++id) all.push_back({scatter(static_cast<uint64_t>(id)), OriginalId(id)});
    std::vector<Candidate> mine;
    for (const Candidate& candidate : all) {
      if (candidate.id.value % world_.size() == world_.rank()) mine.push_back(candidate);
    }
    std::ranges::sort(all, std::greater<>(), &Candidate::key);
    std::vector<OriginalId> expected;
    for (int64_t i = 0; i < std::min<int64_t>(capacity, 40); ++i) expected.push_back(all[i].id);
    std::ranges::sort(expected);
    for (int taker = 0; taker < world_.size(); ++taker) {
      const std::vector<OriginalId> taken = take_highest(world_, taker, capacity, mine);
      EXPECT_EQ(taken, taker == world_.rank() ? expected : std::vector<OriginalId>());
    }
  }
}

TEST_F(CacheTest, by_degree_takes_neighbours_first_and_the_highest_degrees_among_them) {
  const graph::LocalGraph graph = open_graph(world_, write("degree"));
  const auto adjacent = tests::adjacency(edges_, tests::Direction::kSymmetrised);
  const std::vector<int32_t> rank_of_node = ranks_of_nodes(world_, graph, edges_.num_nodes);
  const auto value_of = [&](int64_t node) {
    const bool is_halo = std::ranges::any_of(
        adjacent[node], [&](int64_t neighbour) { return rank_of_node[neighbour] == world_.rank(); });
    return std::pair(is_halo, adjacent[node].size());
  };
  std::vector<std::pair<bool, size_t>> best;
  for (int64_t node = 0; node < edges_.num_nodes; ++node) {
    if (rank_of_node[node] != world_.rank()) best.push_back(value_of(node));
  }
  std::ranges::sort(best, std::greater<>());
  for (const int64_t capacity : {3, 20, 1000}) {
    const std::vector<OriginalId> chosen = choose_by_degree(graph, world_, capacity + world_.rank());
    const auto most = std::min(static_cast<size_t>(capacity + world_.rank()), best.size());
    std::vector<std::pair<bool, size_t>> values;
    for (const OriginalId id : chosen) {
      EXPECT_NE(rank_of_node[id.value], world_.rank());
      values.push_back(value_of(id.value));
    }
    std::ranges::sort(values, std::greater<>());
    EXPECT_EQ(values, std::vector(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(most)));
  }
}

}  // namespace
}  // namespace gigahop::sampler
