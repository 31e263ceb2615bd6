/// The batches of a run, loaded ahead of the steps: feed, loader, row cache and pipeline in one.
#pragma once

#include <optional>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "proto/config.pb.h"
#include "sampler/loader.h"
#include "train/batch_feed.h"
#include "train/device_batches.h"
#include "train/run_plan.h"
#include "train/token_rows.h"

namespace gigahop::train {

template <class Device>
class BatchStream {
 public:
  /// plan: of the whole run, whose epochs the row cache is filled for. `device`, `graph` and `config` outlive it.
  /// Collective, like begin() and end().
  BatchStream(Device& device, const comm::Communicator& comm, const graph::LocalGraph& graph,
              const proto::Config& config, const RunPlan& plan);

  /// The batches of `plan` after `steps_done` steps, from now on. What was being loaded is dropped.
  void begin(const RunPlan& plan, int64_t steps_done, BatchFeed::From from);
  void end() { batches_.reset(); }

  /// Between begin() and end().
  DeviceBatches<Device>& batches() { return *batches_; }
  const BatchFeed& feed() const { return *feed_; }

 private:
  std::optional<sampler::BatchRequest> next_request();
  void fill_cache(const sampler::BatchRequest& first);

  Device& device_;
  const graph::LocalGraph& graph_;
  const proto::Config& config_;
  RunPlan plan_;
  sampler::Loader loader_;
  TokenRows<Device> rows_;
  std::optional<BatchFeed> feed_;
  std::optional<DeviceBatches<Device>> batches_;  // after what it uses
};

}  // namespace gigahop::train
