#include "sampler/feature_store.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "base/half.h"
#include "comm/agree.h"
#include "comm/collectives.h"

namespace gigahop::sampler {
namespace {

constexpr int64_t kHops = 3;

bool is_remote(const Location& at, int rank) {
  return at.rank != rank && at.rank != kInCache;
}

template <class Half>
void widen(const std::byte* stored, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    Half value;
    std::memcpy(&value, stored + i * static_cast<int64_t>(sizeof value), sizeof value);
    out[i] = to_float(value);
  }
}

}  // namespace

FeatureStore::FeatureStore(const graph::LocalGraph& graph, const comm::Communicator& comm, Assembly assembly)
    : graph_(graph),
      rank_(comm.rank()),
      num_ranks_(comm.size()),
      assembly_(assembly),
      feature_width_(graph.partition().feature_width()) {
  comm::agree(comm, [&] {
    require(!graph.shards().empty(), "every rank owns a part");
    const graph::Shard& first = graph.shards().front();
    dtype_ = first.tokens().dtype();
    positional_width_ = first.positional().row_elements();
    for (const graph::Shard& shard : graph.shards()) {
      const array::NpyArray& tokens = shard.tokens();
      const array::NpyArray& positional = shard.positional();
      tokens.expect_dtype(dtype_);
      positional.expect_shape({shard.num_owned(), positional_width_});
      token_shards_.push_back(tokens.bytes().data());
      positional_shards_.push_back(positional.values<float>().data());
    }
  });
  row_bytes_ = kHops * feature_width_ * array::bytes_of(dtype_);
  comm::require_same_on_all_ranks(comm, static_cast<uint64_t>(positional_width_), "width of the positional encodings");
  comm::require_same_on_all_ranks(comm, static_cast<uint64_t>(dtype_), "dtype of the tokens");
}

const std::byte* FeatureStore::token_row(int64_t row) const {
  const int shard = graph_.shard_of(LocalId(static_cast<int32_t>(row)));
  return token_shards_[shard] + (row - graph_.shard_offsets()[shard]) * row_bytes_;
}

void FeatureStore::convert(const std::byte* stored, float* out) const {
  const int64_t count = kHops * feature_width_;
  if (dtype_ == array::DType::kFloat32) {
    std::memcpy(out, stored, static_cast<size_t>(row_bytes_));
  } else if (dtype_ == array::DType::kFloat16) {
    widen<Float16>(stored, count, out);
  } else {
    widen<BFloat16>(stored, count, out);
  }
}

void FeatureStore::make_cache(const comm::Communicator& comm, int64_t capacity) {
  comm::agree(comm, [&] { cache_ = RowCache(capacity, assembly_ == Assembly::kHost ? row_bytes_ : 0); });
}

void FeatureStore::keep(std::vector<int32_t> slots, Buffer<std::byte> rows) {
  if (assembly_ != Assembly::kHost) {
    if (!slots.empty()) new_cached_.push_back({std::move(slots), std::move(rows)});
    return;
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    std::memcpy(cache_.row(slots[i]), rows.data() + static_cast<int64_t>(i) * row_bytes_,
                static_cast<size_t>(row_bytes_));
  }
}

int64_t FeatureStore::fill_cache(const comm::Communicator& comm, const Directory& directory,
                                 std::vector<OriginalId> ids) {
  const std::vector<int64_t> fresh = cache_.replace(std::move(ids));
  const auto num_fresh = static_cast<int64_t>(fresh.size());
  const int64_t at_a_time = std::max<int64_t>(1, kFillBytes / std::max<int64_t>(1, row_bytes_));
  const int64_t rounds = comm::max_over_ranks(comm, (num_fresh + at_a_time - 1) / at_a_time);
  for (int64_t round = 0; round < rounds; ++round) {
    const int64_t end = std::min(num_fresh, (round + 1) * at_a_time);
    std::vector<OriginalId> asked;
    for (int64_t i = round * at_a_time; i < end; ++i) asked.push_back(cache_.ids()[fresh[i]]);
    keep(cache_.find(asked), fetch_remote(comm, directory.locate(comm, asked), kFillMessageBytes));
  }
  return num_fresh;
}

comm::RowPlan FeatureStore::plan_remote(const comm::Communicator& comm, std::span<const Location> where) const {
  std::vector<int32_t> owner_ranks;
  std::vector<int64_t> owner_rows;
  for (const Location& at : where) {
    if (!is_remote(at, rank_)) continue;
    owner_ranks.push_back(at.rank);
    owner_rows.push_back(at.row);
  }
  return comm::plan_rows(comm, owner_ranks, owner_rows);
}

Buffer<std::byte> FeatureStore::fetch_remote(const comm::Communicator& comm, std::span<const Location> where,
                                             int64_t max_message_bytes) const {
  Buffer<std::byte> remote;
  if (comm.size() == 1) return remote;
  const comm::RowPlan plan = plan_remote(comm, where);
  remote.resize(plan.num_wanted() * row_bytes_);
  const auto pack = [&](int64_t row, std::byte* out) {
    std::memcpy(out, token_row(row), static_cast<size_t>(row_bytes_));
  };
  comm::run_rows(comm, plan, row_bytes_, pack, remote.data(), row_bytes_, max_message_bytes);
  return remote;
}

RowExchange FeatureStore::plan_exchange(const comm::Communicator& comm, std::span<const Location> where) const {
  RowExchange exchange;
  if (comm.size() == 1) return exchange;
  const comm::RowPlan plan = plan_remote(comm, where);
  for (const std::vector<int64_t>& rows : plan.send_rows) {
    exchange.sent_rows.insert(exchange.sent_rows.end(), rows.begin(), rows.end());
    exchange.num_sent.push_back(static_cast<int64_t>(rows.size()));
  }
  for (const std::vector<int64_t>& places : plan.receive_places) {
    exchange.num_received.push_back(static_cast<int64_t>(places.size()));
  }
  return exchange;
}

void FeatureStore::assemble_tokens(std::span<const Location> where, const Buffer<std::byte>& remote, int num_threads,
                                   Matrix<float>& tokens) const {
  const auto num_nodes = static_cast<int64_t>(where.size());
  std::vector<const std::byte*> stored(where.size());
  const std::byte* next_remote = remote.data();
  for (int64_t u = 0; u < num_nodes; ++u) {
    const Location& at = where[u];
    if (at.rank == kInCache) {
      stored[u] = cache_.row(at.row);
    } else if (at.rank == rank_) {
      stored[u] = token_row(at.row);
    } else {
      stored[u] = next_remote;
      next_remote += row_bytes_;
    }
  }
  tokens.resize(kHops * num_nodes, feature_width_);
#pragma omp parallel for num_threads(num_threads) schedule(static)
  for (int64_t u = 0; u < num_nodes; ++u) convert(stored[u], tokens.row(kHops * u));
}

std::vector<int64_t> FeatureStore::places(std::span<const Location> where, int64_t cache_capacity) const {
  const int64_t first_cached = graph_.num_owned();
  // Of each rank's rows the next place: all ranks share one where rows arrive in the order of `where`.
  std::vector<int64_t> next(static_cast<size_t>(num_ranks_));
  const auto counter_of = [&](int32_t rank) -> int64_t& { return next[assembly_ == Assembly::kDevices ? rank : 0]; };
  for (const Location& at : where) {
    if (is_remote(at, rank_)) ++counter_of(at.rank);
  }
  std::exclusive_scan(next.begin(), next.end(), next.begin(), first_cached + cache_capacity);
  std::vector<int64_t> places;
  places.reserve(where.size());
  for (const Location& at : where) {
    const bool is_owned = at.rank == rank_;
    places.push_back(is_owned ? at.row : at.rank == kInCache ? first_cached + at.row : counter_of(at.rank)++);
  }
  return places;
}

void FeatureStore::copy_positional(std::span<const LocalId> seeds, Matrix<float>& positional) const {
  positional.resize(static_cast<int64_t>(seeds.size()), positional_width_);
  for (size_t b = 0; b < seeds.size(); ++b) {
    const int shard = graph_.shard_of(seeds[b]);
    const float* row = positional_shards_[shard] + (seeds[b].value - graph_.shard_offsets()[shard]) * positional_width_;
    std::copy_n(row, positional_width_, positional.row(static_cast<int64_t>(b)));
  }
}

std::vector<int32_t> FeatureStore::labels(std::span<const LocalId> seeds) const {
  std::vector<int32_t> labels(seeds.size(), -1);
  if (graph_.labels().empty()) return labels;
  for (size_t b = 0; b < seeds.size(); ++b) labels[b] = static_cast<int32_t>(graph_.labels()[seeds[b].value]);
  return labels;
}

}  // namespace gigahop::sampler
