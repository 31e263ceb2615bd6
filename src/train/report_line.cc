#include "train/report_line.h"

#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"

namespace gigahop::train {

std::string report_line(const proto::Metrics& metrics, int64_t num_epochs) {
  std::string line = metrics.kind() == "epoch" ? fmt::format("epoch {}/{}", metrics.epoch(), num_epochs)
                                               : fmt::format("{} at step {}", metrics.kind(), metrics.step());
  if (metrics.has_loss()) line += fmt::format("  loss {:.4f}", metrics.loss());
  if (metrics.has_train_accuracy()) line += fmt::format("  train {:.2f} %", 100 * metrics.train_accuracy());
  if (metrics.has_valid_accuracy()) line += fmt::format("  valid {:.2f} %", 100 * metrics.valid_accuracy());
  if (metrics.has_test_accuracy()) line += fmt::format("  test {:.2f} %", 100 * metrics.test_accuracy());
  if (metrics.has_seeds_per_second()) {
    line += fmt::format("  {} seeds/s  data wait {:.0f} %  comm {:.0f} %  products {:.0f} %",
                        with_commas(std::llround(metrics.seeds_per_second())), 100 * metrics.data_wait_share(),
                        100 * metrics.comm_share(), 100 * metrics.product_share());
  }
  if (metrics.has_cache_hit_share()) line += fmt::format("  cache {:.0f} %", 100 * metrics.cache_hit_share());
  return line;
}

}  // namespace gigahop::train
