#include "train/setup.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "config/config.h"

namespace gigahop::train {
namespace {

model::Attention attention_of(proto::ModelConfig::Attention attention) {
  switch (attention) {
    case proto::ModelConfig::FULL:
      return model::Attention::kFull;
    case proto::ModelConfig::LOCAL:
      return model::Attention::kLocal;
    case proto::ModelConfig::GLOBAL:
      return model::Attention::kGlobal;
    case proto::ModelConfig::NONE:
      break;
  }
  return model::Attention::kNone;
}

void require_encoding(const graph::Shard& shard, uint64_t expected, int part) {
  const proto::Encoding& encoding = shard.manifest().encoding();
  if (config::fingerprint(encoding) == expected) return;
  throw data_error(
      shard.folder().string(), fmt::format("encoding {:016x} as in part {}", expected, part),
      fmt::format("{:016x}: {} of width {}, seed {}, {} tokens", config::fingerprint(encoding),
                  encoding.positional_method(), encoding.positional_width(), encoding.seed(), encoding.token_dtype()),
      "run gigahop encode again, so that all shards are encoded alike");
}

sampler::CachePolicy cache_policy_of(proto::SamplerConfig::CachePolicy policy) {
  switch (policy) {
    case proto::SamplerConfig::DEGREE:
      return sampler::CachePolicy::kDegree;
    case proto::SamplerConfig::VIP:
      return sampler::CachePolicy::kVip;
    case proto::SamplerConfig::PRESAMPLE:
      return sampler::CachePolicy::kPresample;
    case proto::SamplerConfig::NONE:
      break;
  }
  return sampler::CachePolicy::kNone;
}

}  // namespace

uint64_t encoding_fingerprint(const graph::LocalGraph& graph) {
  require(!graph.shards().empty(), "every rank owns a part");
  const graph::Shard& first = graph.shards().front();
  for (const graph::Shard& shard : graph.shards()) {
    if (!shard.manifest().has_encoding()) {
      throw data_error(shard.folder().string(), "an encoded shard", "one without tokens", "run gigahop encode first");
    }
    require_encoding(shard, config::fingerprint(first.manifest().encoding()), first.part());
  }
  return config::fingerprint(first.manifest().encoding());
}

int64_t positional_width(const graph::LocalGraph& graph) {
  require(!graph.shards().empty(), "every rank owns a part");
  return graph.shards().front().manifest().encoding().positional_width();
}

model::ModelShape model_shape(const proto::Config& config, const proto::Partition& partition, int64_t width) {
  const proto::ModelConfig& settings = config.model();
  return {.attention = attention_of(settings.attention()),
          .feature_width = partition.feature_width(),
          .hidden_width = settings.hidden_width(),
          .num_heads = settings.num_heads(),
          .positional_width = width,
          .num_codewords = settings.num_codewords(),
          .num_classes = partition.num_classes(),
          .dropout_feed_forward = settings.dropout_feed_forward(),
          .dropout_encoder = settings.dropout_encoder()};
}

proto::Config with_settings_of(const proto::Checkpoint& checkpoint, const proto::Config& given) {
  proto::Config config = given;
  config.set_seed(checkpoint.config().seed());
  *config.mutable_model() = checkpoint.config().model();
  *config.mutable_sampler() = checkpoint.config().sampler();
  config.mutable_sampler()->set_batches_ahead(given.sampler().batches_ahead());
  config.mutable_sampler()->set_device_rows_bytes(given.sampler().device_rows_bytes());
  config.mutable_sampler()->set_feature_transport(given.sampler().feature_transport());
  return config;
}

sampler::Assembly assembly(const proto::Config& config) {
  if (config.device() == proto::Config::CPU) return sampler::Assembly::kHost;
  return config.sampler().feature_transport() == proto::SamplerConfig::MPI ? sampler::Assembly::kDevice
                                                                           : sampler::Assembly::kDevices;
}

sampler::LoaderOptions loader_options(const proto::Config& config, int threads) {
  const proto::SamplerConfig& settings = config.sampler();
  const bool needs_samples =
      config.model().attention() == proto::ModelConfig::FULL || config.model().attention() == proto::ModelConfig::LOCAL;
  return {.sample_size = settings.sample_size(),
          .sampling = settings.sampling() == proto::SamplerConfig::COORDINATED ? sampler::Sampling::kCoordinated
                                                                               : sampler::Sampling::kIndependent,
          .num_groups = settings.coordination_groups(),
          .isolated = settings.isolated() == proto::SamplerConfig::RANDOM ? sampler::Isolated::kRandom
                                                                          : sampler::Isolated::kSelf,
          .neighbourhood = needs_samples ? sampler::Neighbourhood::kTwoHops : sampler::Neighbourhood::kSeedsOnly,
          .num_threads = std::max(1, threads / 2),
          .assembly = assembly(config),
          .salts_kept = config.train().evaluate_every_epochs() > 0 ? 2 : 1,
          .cache_policy = cache_policy_of(settings.cache_policy()),
          .cache_bytes = settings.cache_bytes(),
          .sketch_budget_bytes = settings.sketch_budget_bytes(),
          .key = RandomKey{config.seed()}};
}

graph::LocalGraph open_graph(const comm::Communicator& comm, const std::filesystem::path& partition_folder,
                             const std::vector<int32_t>& rank_of_part) {
  std::optional<graph::LocalGraph> opened;
  comm::agree(comm, [&] {
    if (std::find(rank_of_part.begin(), rank_of_part.end(), comm.rank()) == rank_of_part.end()) {
      throw config_error("ranks", fmt::format("at most one for each of {} parts", rank_of_part.size()),
                         fmt::format("{}", comm.size()), "start fewer ranks, or partition into more parts");
    }
    opened.emplace(partition_folder, rank_of_part, comm.rank());
    if (opened->partition().num_classes() == 0) {
      throw data_error(partition_folder.string(), "a graph with labels", "one without classes");
    }
    encoding_fingerprint(*opened);
  });
  const graph::Shard& mine = opened->shards().front();
  std::array<uint64_t, 2> of_rank_0 = {encoding_fingerprint(*opened), static_cast<uint64_t>(mine.part())};
  comm::broadcast(comm, std::span<uint64_t>(of_rank_0), 0);
  comm::agree(comm, [&] { require_encoding(mine, of_rank_0[0], static_cast<int>(of_rank_0[1])); });
  return std::move(*opened);
}

int num_threads(const proto::Config& config) {
  return config.threads() > 0 ? config.threads() : omp_get_max_threads();
}

void require_device_of_build([[maybe_unused]] const proto::Config& config) {
#if !defined(GIGAHOP_WITH_CUDA)
  if (config.device() == proto::Config::CPU) return;
  throw config_error("device", "CPU, all that this gigahop was built for", proto::Config::Device_Name(config.device()),
                     "build it where CUDA and NCCL are installed, with -D GIGAHOP_CUDA=ON");
#endif
}

Cpu cpu_device(const proto::Config& config) {
  const bool rounds = config.train().precision() == proto::TrainConfig::BF16;
  return {.num_threads = num_threads(config), .precision = rounds ? Precision::kBFloat16 : Precision::kFloat32};
}

}  // namespace gigahop::train
