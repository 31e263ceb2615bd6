#include "training_steps.h"

#include "comm/collectives.h"
#include "graph/partition_folder.h"
#include "train/batch_feed.h"
#include "train/run_plan.h"
#include "train/setup.h"

namespace gigahop::bench {
namespace {

std::optional<sampler::BatchRequest> request(sampler::SeedPlan& plan, int64_t step) {
  if (step >= plan.num_steps()) return std::nullopt;
  return sampler::BatchRequest{.epoch = 0, .step = step, .salt = 0, .seeds = plan.seeds(0, step)};
}

}  // namespace

graph::LocalGraph open_parts(const comm::Communicator& comm, const std::filesystem::path& partition) {
  std::vector<int32_t> rank_of_part;
  const int num_parts = graph::read_partition_manifest(partition).num_parts();
  for (int part = 0; part < num_parts; ++part) rank_of_part.push_back(part * comm.size() / num_parts);
  return train::open_graph(comm, partition, rank_of_part);
}

EpochBatches::EpochBatches(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config,
                           Loading loading)
    : loader_(graph, comm.duplicate(), train::loader_options(config, train::num_threads(config))),
      plan_(train::plan_training(graph, config)),
      dry_plan_(train::plan_training(graph, config)) {
  if (loading == Loading::kPipeline) {
    pipeline_.emplace(
        loader_, [this] { return next_request(); }, config.sampler().batches_ahead());
  }
}

sampler::MiniBatch EpochBatches::next() {
  if (pipeline_.has_value()) return *pipeline_->next();
  return loader_.load(*next_request());
}

std::optional<sampler::BatchRequest> EpochBatches::next_request() {
  loader_.fill_cache(0, [this] { return request(dry_plan_, dry_step_++); });
  return request(plan_, step_++);
}

Training::Training(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config)
    : comm_(comm),
      graph_(graph),
      learning_rate_(config.train().learning_rate()),
      device_(train::cpu_device(config)),
      model_(device_, train::model_shape(config, graph.partition(), train::positional_width(graph)),
             RandomKey{config.seed()}, comm),
      optimizer_(device_, model_.parameters().values().size, train::OptimizerOptions{}),
      assignments_(device_, graph, model_.shape().num_codewords, RandomKey{config.seed()}),
      step_(comm, model_, optimizer_, assignments_) {
  model_.set_histogram(assignments_.histogram(comm));
}

double Training::run(const sampler::MiniBatch& batch, int64_t step, int64_t num_steps) {
  const int64_t num_seeds = train::num_seeds_of_step(graph_.partition(), step, num_steps);
  const train::StepInput input{.step = step, .num_seeds_all = num_seeds, .learning_rate = learning_rate_};
  return comm::sum_over_ranks(comm_, step_.run(train::views_of(batch), input).loss_sum) /
         static_cast<double>(num_seeds);
}

}  // namespace gigahop::bench
