#include "sampler/feature_store.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/half.h"
#include "comm/agree.h"
#include "comm/exchange.h"

namespace gigahop::sampler {
namespace {

constexpr int64_t kHops = 3;

template <class Half>
void widen(const std::byte* stored, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    Half value;
    std::memcpy(&value, stored + i * static_cast<int64_t>(sizeof value), sizeof value);
    out[i] = to_float(value);
  }
}

}  // namespace

FeatureStore::FeatureStore(const graph::LocalGraph& graph, const comm::Communicator& comm)
    : graph_(graph), feature_width_(graph.partition().feature_width()) {
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

int64_t FeatureStore::fetch_tokens(const comm::Communicator& comm, std::span<const Location> where, int num_threads,
                                   Matrix<float>& tokens) const {
  std::vector<int32_t> owner_ranks;
  std::vector<int64_t> owner_rows;
  std::vector<int64_t> remote_place(where.size(), -1);
  for (size_t u = 0; u < where.size(); ++u) {
    if (where[u].rank == comm.rank()) continue;
    remote_place[u] = static_cast<int64_t>(owner_ranks.size());
    owner_ranks.push_back(where[u].rank);
    owner_rows.push_back(where[u].row);
  }
  const auto num_remote = static_cast<int64_t>(owner_ranks.size());
  Buffer<std::byte> remote(num_remote * row_bytes_);
  if (comm.size() > 1) {
    const comm::RowPlan plan = comm::plan_rows(comm, owner_ranks, owner_rows);
    const auto pack = [&](int64_t row, std::byte* out) {
      std::memcpy(out, token_row(row), static_cast<size_t>(row_bytes_));
    };
    comm::run_rows(comm, plan, row_bytes_, pack, remote.data(), row_bytes_);
  }
  const auto num_nodes = static_cast<int64_t>(where.size());
  tokens.resize(kHops * num_nodes, feature_width_);
#pragma omp parallel for num_threads(num_threads) schedule(static)
  for (int64_t u = 0; u < num_nodes; ++u) {
    const int64_t place = remote_place[u];
    const std::byte* stored = place < 0 ? token_row(where[u].row) : remote.data() + place * row_bytes_;
    convert(stored, tokens.row(kHops * u));
  }
  return num_remote;
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
