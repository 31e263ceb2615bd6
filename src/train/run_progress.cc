#include "train/run_progress.h"

#include <limits>

#include "array/manifest.h"
#include "train/checkpoint_folder.h"
#include "train/setup.h"

namespace gigahop::train {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

proto::Checkpoint initial_progress(const proto::Config& config, const graph::LocalGraph& graph, int num_ranks) {
  const proto::Partition& partition = graph.partition();
  proto::Checkpoint progress;
  progress.set_format_version(kCheckpointFormatVersion);
  progress.set_step(0);
  progress.set_epoch(0);
  progress.set_step_in_epoch(0);
  *progress.mutable_config() = config;
  progress.set_graph_fingerprint(partition.graph_fingerprint());
  progress.set_partition_fingerprint(array::fingerprint(partition.arrays()));
  progress.set_gigahop_version(GIGAHOP_VERSION);
  progress.set_num_ranks(num_ranks);
  progress.set_num_parts(partition.num_parts());
  progress.set_num_nodes(partition.num_nodes());
  progress.set_feature_width(partition.feature_width());
  progress.set_positional_width(static_cast<int32_t>(positional_width(graph)));
  progress.set_num_classes(partition.num_classes());
  progress.set_directed(partition.directed());
  progress.set_num_edges(partition.num_edges());
  progress.set_encoding_fingerprint(encoding_fingerprint(graph));
  progress.set_valid_accuracy(kNone);
  progress.set_last_loss(kNone);
  set_best(progress, {.step = -1, .valid_accuracy = kNone, .test_accuracy = kNone});
  progress.mutable_tally();
  return progress;
}

void continue_from(const proto::Checkpoint& saved, proto::Checkpoint& progress) {
  progress.set_step(saved.step());
  progress.set_epoch(saved.epoch());
  progress.set_step_in_epoch(saved.step_in_epoch());
  progress.set_valid_accuracy(saved.valid_accuracy());
  progress.set_last_loss(saved.last_loss());
  *progress.mutable_tally() = saved.tally();
}

bool is_epoch_end_due(const proto::Checkpoint& progress) {
  return progress.step_in_epoch() == 0 && progress.tally().num_seeds() > 0;
}

Best best_of(const proto::Checkpoint& progress) {
  return {progress.best_step(), progress.best_valid_accuracy(), progress.best_test_accuracy()};
}

void set_best(proto::Checkpoint& progress, const Best& best) {
  progress.set_best_step(best.step);
  progress.set_best_valid_accuracy(best.valid_accuracy);
  progress.set_best_test_accuracy(best.test_accuracy);
}

}  // namespace gigahop::train
