#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/trace.h"
#include "config/config.h"
#include "encode/encode.h"
#include "graph/partition_folder.h"
#include "launch/stages.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

array::DType token_dtype(const proto::EncodeConfig& config) {
  switch (config.token_dtype()) {
    case proto::EncodeConfig::FLOAT16:
      return array::DType::kFloat16;
    case proto::EncodeConfig::BFLOAT16:
      return array::DType::kBFloat16;
    case proto::EncodeConfig::FLOAT32:
      break;
  }
  return array::DType::kFloat32;
}

encode::EncodeOptions::Positional positional(const proto::EncodeConfig& config) {
  switch (config.positional()) {
    case proto::EncodeConfig::FILE:
      return encode::EncodeOptions::Positional::kFile;
    case proto::EncodeConfig::NONE:
      return encode::EncodeOptions::Positional::kNone;
    case proto::EncodeConfig::FASTRP:
      break;
  }
  return encode::EncodeOptions::Positional::kFastRp;
}

encode::EncodeOptions encode_options(const proto::Config& config) {
  const proto::EncodeConfig& settings = config.encode();
  return {.positional = positional(settings),
          .positional_width = settings.positional_width(),
          .fastrp_weights = {settings.fastrp_weights().begin(), settings.fastrp_weights().end()},
          .token_dtype = token_dtype(settings),
          .features = settings.keep_features() ? encode::EncodeOptions::Features::kKept
                                               : encode::EncodeOptions::Features::kReplaced,
          .seed = config.seed(),
          .config_fingerprint = config::fingerprint(settings)};
}

}  // namespace

void encode_partition(Context& context, const fs::path& partition) {
  const trace::Span span("encode");
  const encode::EncodeOptions options = encode_options(context.config);
  const bool speaks = context.comm.rank() == 0;
  if (context.dry_run && !fs::exists(partition / graph::kPartitionManifest)) {
    if (speaks) print_unknown_yet("encode", partition, partition);
    return;
  }
  const std::vector<int32_t> rank_of_part = rank_of_parts(context, partition);
  const encode::EncodeForecast forecast =
      encode::forecast_encode(graph::read_partition_manifest(partition), rank_of_part, context.comm.size(), options);
  const int64_t largest = *std::max_element(forecast.memory_bytes.begin(), forecast.memory_bytes.end());
  if (context.dry_run && speaks) {
    fmt::print("encode {}: at most {} per rank, {} on disk\n", partition.string(),
               human_bytes(static_cast<double>(largest)), human_bytes(static_cast<double>(forecast.disk_bytes)));
  }
  context.require_memory("encode", largest);
  if (context.dry_run) return;
  const encode::EncodeSummary summary = encode::encode_shards(context.comm, partition, rank_of_part, options);
  if (!speaks) return;
  fmt::print("encode {}: {} tokens, {} positional encodings of width {} ({:.1f} s, {} between ranks)\n",
             partition.string(), summary.tokens == encode::EncodeSummary::Tokens::kKept ? "kept the" : "wrote",
             proto::EncodeConfig::Positional_Name(context.config.encode().positional()), summary.positional_width,
             summary.seconds, human_bytes(static_cast<double>(summary.bytes_exchanged)));
}

}  // namespace gigahop::launch
