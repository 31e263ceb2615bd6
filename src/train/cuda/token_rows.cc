#include "train/cuda/token_rows.h"

#include <cstring>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/cuda/queue_exchange.h"
#include "comm/traffic.h"
#include "ops/stored_rows.h"

namespace gigahop::train {
namespace {

constexpr int64_t kHops = 3;
constexpr int64_t kWordBytes = sizeof(uint16_t);

StoredTokens stored_tokens(const graph::LocalGraph& graph, const sampler::Loader& loader, const proto::Config& config) {
  StoredTokens stored{.owned = {},
                      .dtype = graph.shards().front().tokens().dtype(),
                      .feature_width = graph.partition().feature_width(),
                      .cache_capacity = loader.cache_capacity(),
                      .device_budget_bytes = config.sampler().device_rows_bytes()};
  for (const graph::Shard& shard : graph.shards()) stored.owned.push_back(shard.tokens().bytes());
  return stored;
}

/// use(T) of the type that rows of this dtype hold.
template <class Use>
void with_stored_type(array::DType dtype, const Use& use) {
  switch (dtype) {
    case array::DType::kFloat32:
      return use(float());
    case array::DType::kFloat16:
      return use(Float16());
    case array::DType::kBFloat16:
      return use(BFloat16());
    default:
      require(false, "tokens are float32, float16 or bfloat16");
  }
}

}  // namespace

TokenRows<Cuda>::TokenRows(Cuda& dev, const comm::Communicator& comm, const graph::LocalGraph& graph,
                           const sampler::Loader& loader, const proto::Config& config)
    : dev_(&dev),
      comm_(comm.size() > 1 && config.sampler().feature_transport() == proto::SamplerConfig::NCCL ? &comm : nullptr) {
  comm::agree(comm, [&] { open(stored_tokens(graph, loader, config)); });
  log_info("token rows of this rank's nodes, {}: in {}", human_bytes(static_cast<double>(num_owned_ * row_bytes_)),
           are_owned_on_device_ ? "the GPU's memory"
                                : "pinned host memory, for they are more than sampler.device_rows_bytes");
}

TokenRows<Cuda>::TokenRows(Cuda& dev, const StoredTokens& stored) : dev_(&dev) {
  open(stored);
}

void TokenRows<Cuda>::open(const StoredTokens& stored) {
  dtype_ = stored.dtype;
  feature_width_ = stored.feature_width;
  row_bytes_ = kHops * feature_width_ * array::bytes_of(dtype_);
  cache_capacity_ = stored.cache_capacity;
  cached_ = CudaMemory(cache_capacity_ * row_bytes_);
  int64_t bytes = 0;
  for (const std::span<const std::byte> rows : stored.owned) bytes += static_cast<int64_t>(rows.size());
  num_owned_ = row_bytes_ == 0 ? 0 : bytes / row_bytes_;
  are_owned_on_device_ = bytes <= stored.device_budget_bytes;
  if (are_owned_on_device_) {
    owned_on_device_ = CudaMemory(bytes);
  } else {
    owned_on_host_ = PinnedMemory(bytes);
  }
  char* target = owned();
  for (const std::span<const std::byte> rows : stored.owned) {
    if (are_owned_on_device_) {
      copy_to_device<std::byte>(*dev_, rows, reinterpret_cast<std::byte*>(target));
    } else {
      std::memcpy(target, rows.data(), rows.size());
    }
    target += rows.size();
  }
}

void TokenRows<Cuda>::put_cached(std::span<const sampler::CachedRows> fresh) {
  const int64_t words = row_bytes_ / kWordBytes;
  for (const sampler::CachedRows& rows : fresh) {
    CudaScratch scratch(*dev_);
    const auto count = static_cast<int64_t>(rows.slots.size());
    auto* const slots = scratch.take<int32_t>(count);
    auto* const values = scratch.take<std::byte>(count * row_bytes_);
    copy_to_device<int32_t>(*dev_, rows.slots, slots);
    copy_to_device<std::byte>(*dev_, rows.rows.span(), values);
    ops::put_rows<Cuda>(*dev_, {slots, count}, {reinterpret_cast<const uint16_t*>(values), count, words},
                        {reinterpret_cast<uint16_t*>(cached_.data()), cache_capacity_, words});
  }
}

void TokenRows<Cuda>::exchange(const sampler::RowExchange& exchange, VectorView<const int64_t, Cuda> sent_rows,
                               std::byte* sent, std::byte* received) {
  const int64_t words = row_bytes_ / kWordBytes;
  {
    const OnCommunicationStream scope(*dev_);
    ops::take_rows<Cuda>(*dev_, sent_rows, {reinterpret_cast<const uint16_t*>(owned()), num_owned_, words},
                         {reinterpret_cast<uint16_t*>(sent), sent_rows.size, words});
  }
  const auto bytes_of = [&](std::vector<int64_t> rows) {
    for (int64_t& count : rows) count *= row_bytes_;
    return rows;
  };
  const std::vector<int64_t> bytes_sent = bytes_of(exchange.num_sent);
  const std::vector<int64_t> bytes_received = bytes_of(exchange.num_received);
  const comm::Phase phase(*comm_, "features");
  comm::queue_exchange(*comm_, {sent, bytes_sent}, {received, bytes_received}, dev_->communication_stream.get());
}

MatrixView<const float, Cuda> TokenRows<Cuda>::gather(VectorView<const int64_t, Cuda> places, const std::byte* fetched,
                                                      int64_t num_fetched) {
  const int64_t width = kHops * feature_width_;
  tokens_.resize(kHops * places.size, feature_width_);
  with_stored_type(dtype_, [&]<class T>(T) {
    const auto rows = [&](const void* first, int64_t count) {
      return MatrixView<const T, Cuda>(static_cast<const T*>(first), count, width);
    };
    ops::gather_stored_rows<T, Cuda>(
        *dev_, {rows(owned(), num_owned_), rows(cached_.data(), cache_capacity_), rows(fetched, num_fetched)}, places,
        {tokens_.data(), places.size, width});
  });
  return tokens_.view();
}

}  // namespace gigahop::train
