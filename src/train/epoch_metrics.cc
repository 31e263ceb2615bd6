#include "train/epoch_metrics.h"

namespace gigahop::train {

proto::Metrics epoch_metrics(const proto::Checkpoint& progress, const EpochTimer::Shares& shares, int64_t seeds_before,
                             double learning_rate) {
  const proto::EpochTally& tally = progress.tally();
  const auto num_seeds = static_cast<double>(tally.num_seeds());
  proto::Metrics metrics;
  metrics.set_kind("epoch");
  metrics.set_step(progress.step());
  metrics.set_epoch(progress.epoch());
  metrics.set_loss(tally.loss_sum() / num_seeds);
  metrics.set_train_accuracy(static_cast<double>(tally.num_correct()) / num_seeds);
  metrics.set_gradient_norm(tally.gradient_norm());
  metrics.set_learning_rate(learning_rate);
  metrics.set_seeds_per_second(static_cast<double>(tally.num_seeds() - seeds_before) / shares.seconds);
  metrics.set_data_wait_share(shares.data_wait);
  metrics.set_comm_share(shares.comm);
  metrics.set_product_share(shares.products);
  metrics.set_seconds(shares.seconds);
  const auto num_remote = static_cast<double>(shares.loaded.remote_nodes);
  metrics.set_remote_rows(shares.loaded.remote_nodes);
  metrics.set_fetched_bytes(shares.loaded.fetched_bytes);
  if (num_remote > 0) metrics.set_cache_hit_share(static_cast<double>(shares.loaded.cached_nodes) / num_remote);
  return metrics;
}

}  // namespace gigahop::train
