/// The row cache: batches that do not depend on it, and choices against sums over all pairs of nodes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
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

/// Puts tokens together as a device does that has the owned rows and the slots of the cache.
class OwnRows {
 public:
  OwnRows(const graph::LocalGraph& graph, int64_t cache_capacity)
      : num_owned_(graph.num_owned()),
        capacity_(cache_capacity),
        dtype_(graph.shards().front().tokens().dtype()),
        row_bytes_(9 * array::bytes_of(dtype_)),
        cached_(static_cast<size_t>(cache_capacity * row_bytes_)) {
    for (const graph::Shard& shard : graph.shards()) {
      const std::span<const std::byte> rows = shard.tokens().bytes();
      owned_.insert(owned_.end(), rows.begin(), rows.end());
    }
  }

  std::vector<float> tokens_of(const MiniBatch& batch) {
    for (const CachedRows& fresh : batch.new_cached) {
      for (size_t i = 0; i < fresh.slots.size(); ++i) {
        std::copy_n(fresh.rows.data() + static_cast<int64_t>(i) * row_bytes_, row_bytes_,
                    cached_.data() + fresh.slots[i] * row_bytes_);
      }
    }
    std::vector<float> tokens;
    for (const int64_t place : batch.places) append(row_at(batch, place), tokens);
    return tokens;
  }

 private:
  const std::byte* row_at(const MiniBatch& batch, int64_t place) const {
    if (place < num_owned_) return owned_.data() + place * row_bytes_;
    if (place < num_owned_ + capacity_) return cached_.data() + (place - num_owned_) * row_bytes_;
    const int64_t fetched = (place - num_owned_ - capacity_) * row_bytes_;
    EXPECT_LT(fetched, batch.fetched.size());
    return batch.fetched.data() + fetched;
  }

  void append(const std::byte* row, std::vector<float>& tokens) const {
    for (int64_t at = 0; at < row_bytes_; at += array::bytes_of(dtype_)) {
      if (dtype_ == array::DType::kFloat32) {
        tokens.push_back(read<float>(row + at));
      } else if (dtype_ == array::DType::kFloat16) {
        tokens.push_back(to_float(read<Float16>(row + at)));
      } else {
        tokens.push_back(to_float(read<BFloat16>(row + at)));
      }
    }
  }

  template <class T>
  static T read(const std::byte* stored) {
    T value;
    std::memcpy(&value, stored, sizeof value);
    return value;
  }

  int64_t num_owned_, capacity_;
  array::DType dtype_;
  int64_t row_bytes_;
  std::vector<std::byte> owned_, cached_;
};

TEST_F(CacheTest, that_a_device_keeps_gives_the_same_tokens_also_where_batches_are_dropped) {
  for (const array::DType dtype : {array::DType::kFloat32, array::DType::kFloat16, array::DType::kBFloat16}) {
    const graph::LocalGraph graph = open_graph(world_, write("places_" + std::string(array::name(dtype)), dtype));
    LoaderOptions options{.sample_size = kSampleSize, .num_groups = 3};
    Loader plain(graph, world_.duplicate(), options);
    options.assembly = Assembly::kDevice;
    for (const CachePolicy policy :
         {CachePolicy::kNone, CachePolicy::kDegree, CachePolicy::kVip, CachePolicy::kPresample}) {
      options.cache_policy = policy;
      options.cache_bytes = 10 * (9 * array::bytes_of(dtype) + 12);
      Loader loader(graph, world_.duplicate(), options);
      OwnRows rows(graph, loader.cache_capacity());
      for (int64_t salt = 0; salt < 6; ++salt) {
        const std::vector<BatchRequest> requests = requests_of(graph, salt);
        // The first batch of salt 3 brings rows of the cache and is dropped.
        if (salt == 4) loader.forget_cache();
        loader.fill_cache(salt, source_of(requests));
        for (const BatchRequest& request : requests) {
          const MiniBatch batch = loader.load(request);
          EXPECT_EQ(batch.tokens.rows(), 0);
          if (salt != 3) {
            EXPECT_EQ(rows.tokens_of(batch), tokens_of(plain.load(request))) << salt;
          } else {
            plain.load(request);
          }
        }
      }
    }
  }
}

/// Sends rows as devices do: to each rank those it wants of this rank's own, one rank after the other.
std::vector<std::byte> exchanged(const comm::Communicator& world, const graph::LocalGraph& graph, int64_t row_bytes,
                                 const RowExchange& exchange) {
  std::vector<std::byte> owned;
  for (const graph::Shard& shard : graph.shards()) {
    const std::span<const std::byte> rows = shard.tokens().bytes();
    owned.insert(owned.end(), rows.begin(), rows.end());
  }
  std::vector<std::vector<std::byte>> messages;
  auto row = exchange.sent_rows.begin();
  for (const int64_t count : exchange.num_sent) {
    std::vector<std::byte>& message = messages.emplace_back();
    for (const auto end = row + count; row != end; ++row) {
      message.insert(message.end(), owned.begin() + *row * row_bytes, owned.begin() + (*row + 1) * row_bytes);
    }
  }
  const comm::ReceivedValues<std::byte> received = comm::all_to_all(world, messages);
  for (int rank = 0; rank < world.size(); ++rank) {
    EXPECT_EQ(static_cast<int64_t>(received.from(rank).size()), exchange.num_received[rank] * row_bytes);
  }
  return received.values;
}

TEST_F(CacheTest, beside_rows_that_devices_exchange_gives_the_same_tokens) {
  const graph::LocalGraph graph = open_graph(world_, write("exchange", array::DType::kFloat16));
  const int64_t row_bytes = FeatureStore(graph, world_).row_bytes();
  LoaderOptions options{.sample_size = kSampleSize, .num_groups = 3, .assembly = Assembly::kDevice};
  for (const CachePolicy policy : {CachePolicy::kNone, CachePolicy::kPresample}) {
    options.cache_policy = policy;
    options.cache_bytes = 10 * (row_bytes + 12);
    options.assembly = Assembly::kDevice;
    Loader fetching(graph, world_.duplicate(), options);
    OwnRows rows(graph, fetching.cache_capacity());
    options.assembly = Assembly::kDevices;
    Loader planning(graph, world_.duplicate(), options);
    OwnRows rows_and_others(graph, planning.cache_capacity());
    for (int64_t salt = 0; salt < 3; ++salt) {
      const std::vector<BatchRequest> requests = requests_of(graph, salt);
      fetching.fill_cache(salt, source_of(requests));
      planning.fill_cache(salt, source_of(requests));
      for (const BatchRequest& request : requests) {
        const MiniBatch expected = fetching.load(request);
        MiniBatch batch = planning.load(request);
        EXPECT_EQ(batch.fetched.size(), 0);
        EXPECT_EQ(batch.fetched_bytes, expected.fetched_bytes);
        EXPECT_EQ(expected.exchange, RowExchange{});
        if (world_.size() > 1) {
          const std::vector<std::byte> received = exchanged(world_, graph, row_bytes, batch.exchange);
          batch.fetched.resize(static_cast<int64_t>(received.size()));
          std::ranges::copy(received, batch.fetched.data());
        }
        EXPECT_EQ(rows_and_others.tokens_of(batch), rows.tokens_of(expected)) << salt;
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
