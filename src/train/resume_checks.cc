#include "train/resume_checks.h"

#include <fmt/format.h>

#include "base/error.h"
#include "config/config.h"

namespace gigahop::train {

proto::SamplerConfig shaping(proto::SamplerConfig sampler) {
  sampler.clear_batches_ahead();
  sampler.clear_sketch_budget_bytes();
  sampler.clear_cache_policy();
  sampler.clear_cache_bytes();
  sampler.clear_device_rows_bytes();
  sampler.clear_feature_transport();
  return sampler;
}

void require_resumable(const proto::Config& saved, const proto::Config& now) {
  if (saved.seed() != now.seed()) {
    throw config_error("seed", fmt::format("{} as in the checkpoint", saved.seed()), fmt::format("{}", now.seed()));
  }
  if (saved.train().batch_size() != now.train().batch_size()) {
    throw config_error("train.batch_size", fmt::format("{} as in the checkpoint", saved.train().batch_size()),
                       fmt::format("{}", now.train().batch_size()));
  }
}

std::vector<std::string> changed_settings(const proto::Config& saved, const proto::Config& now) {
  std::vector<std::string> changed;
  const auto note = [&](std::string_view setting, bool differs) {
    if (differs) changed.emplace_back(setting);
  };
  const proto::TrainConfig& before = saved.train();
  const proto::TrainConfig& after = now.train();
  note("sampler", config::fingerprint(shaping(saved.sampler())) != config::fingerprint(shaping(now.sampler())));
  note("model", config::fingerprint(saved.model()) != config::fingerprint(now.model()));
  note("train.learning_rate", before.learning_rate() != after.learning_rate());
  note("train.weight_decay", before.weight_decay() != after.weight_decay());
  note("train.clip_gradient_norm", before.clip_gradient_norm() != after.clip_gradient_norm());
  note("train.schedule", before.schedule() != after.schedule());
  note("train.warm_up_steps", before.warm_up_steps() != after.warm_up_steps());
  note("device", saved.device() != now.device());
  note("train.precision", before.precision() != after.precision());
  note("train.epochs", after.schedule() == proto::TrainConfig::COSINE && before.epochs() != after.epochs());
  return changed;
}

}  // namespace gigahop::train
