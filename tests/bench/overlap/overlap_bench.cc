/// How much of a training step is spent waiting for data: loading in line with the step against the pipeline, each
/// without and with the row cache.
///
///   mpirun -n R overlap_bench PARTITION STEPS [path=value ...]        settings of src/proto/config.proto
///
/// Every variant trains the same STEPS steps from the same weights, after one that is not timed: it draws the samples
/// of the epoch and fills the cache, once an epoch in `gigahop train`. Rank 0 prints a line of JSON: by variant the
/// seconds of the first batch, the mean seconds of a step and of them those of waiting and exchanging, of the slowest
/// rank. Checked in the same run: losses are the same in every variant.
#include <chrono>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/collectives.h"
#include "config/config.h"
#include "graph/partition_folder.h"
#include "sampler/pipeline.h"
#include "sampler/seed_plan.h"
#include "train/run_plan.h"
#include "train/setup.h"
#include "train/step.h"

namespace gigahop::bench {
namespace {

using Clock = std::chrono::steady_clock;
enum class Loading { kInLine, kPipeline };

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Outcome {
  double first_seconds = 0;
  double step_seconds = 0;  // mean of a step, of the slowest rank
  double wait_seconds = 0;  // for data
  double comm_seconds = 0;  // in collectives of the step itself
  std::vector<double> losses;
};

/// The batches of epoch 0, one after the other, either way.
class Source {
 public:
  Source(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config, Loading loading)
      : loader_(graph, comm.duplicate(), train::loader_options(config, train::num_threads(config))),
        plan_(make_plan(graph, config)),
        dry_plan_(make_plan(graph, config)) {
    if (loading == Loading::kPipeline) {
      pipeline_.emplace(
          loader_, [this] { return next_request(); }, config.sampler().batches_ahead());
    }
  }

  sampler::MiniBatch next() {
    if (pipeline_.has_value()) return *pipeline_->next();
    return loader_.load(*next_request());
  }
  int64_t num_steps() const { return plan_.num_steps(); }

 private:
  static sampler::SeedPlan make_plan(const graph::LocalGraph& graph, const proto::Config& config) {
    return {graph,
            sampler::Split::kTrain,
            graph.partition().num_train(),
            config.train().batch_size(),
            sampler::SeedOrder::kShuffled,
            RandomKey{config.seed()}};
  }

  std::optional<sampler::BatchRequest> next_request() {
    loader_.fill_cache(0, [this] { return request(dry_plan_, dry_step_++); });
    return request(plan_, step_++);
  }

  static std::optional<sampler::BatchRequest> request(sampler::SeedPlan& plan, int64_t step) {
    if (step >= plan.num_steps()) return std::nullopt;
    return sampler::BatchRequest{.epoch = 0, .step = step, .salt = 0, .seeds = plan.seeds(0, step)};
  }

  sampler::Loader loader_;
  sampler::SeedPlan plan_;
  sampler::SeedPlan dry_plan_;
  int64_t step_ = 0;
  int64_t dry_step_ = 0;
  std::optional<sampler::Pipeline> pipeline_;
};

Outcome measure(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config,
                Loading loading, int64_t num_steps) {
  Cpu device{.num_threads = train::num_threads(config)};
  const model::ModelShape shape = train::model_shape(config, graph.partition(), train::positional_width(graph));
  model::LargeGt<Cpu> model(device, shape, RandomKey{config.seed()}, comm);
  train::Optimizer<Cpu> optimizer(device, model.parameters().values().size, train::OptimizerOptions{});
  train::Assignments assignments(graph, shape.num_codewords, RandomKey{config.seed()});
  model.set_histogram(assignments.histogram(comm));
  train::Step<Cpu> step(comm, model, optimizer, assignments);
  Source source(comm, graph, config, loading);
  require(num_steps < source.num_steps(), "the epoch has more steps than are asked for");
  Outcome outcome;
  comm::barrier(comm);
  Clock::time_point began = Clock::now();
  double exchanged = 0;
  for (int64_t i = 0; i <= num_steps; ++i) {
    if (i == 1) {
      began = Clock::now();
      exchanged = comm.seconds();
    }
    const Clock::time_point waiting = Clock::now();
    const sampler::MiniBatch batch = source.next();
    (i == 0 ? outcome.first_seconds : outcome.wait_seconds) += seconds_since(waiting);
    const int64_t num_seeds = train::num_seeds_of_step(graph.partition(), i, source.num_steps());
    const double loss =
        step.run(batch, {.step = i, .num_seeds_all = num_seeds, .learning_rate = config.train().learning_rate()})
            .loss_sum;
    outcome.losses.push_back(comm::sum_over_ranks(comm, loss) / static_cast<double>(num_seeds));
  }
  const auto number = static_cast<double>(num_steps);
  outcome.comm_seconds = comm.seconds() - exchanged;
  outcome.comm_seconds = comm::max_over_ranks(comm, outcome.comm_seconds) / number;
  outcome.step_seconds = comm::max_over_ranks(comm, seconds_since(began)) / number;
  outcome.wait_seconds = comm::max_over_ranks(comm, outcome.wait_seconds) / number;
  outcome.first_seconds = comm::max_over_ranks(comm, outcome.first_seconds);
  return outcome;
}

void run(const std::filesystem::path& partition, int64_t num_steps, proto::Config config) {
  const comm::Communicator comm = comm::Communicator::world();
  std::vector<int32_t> rank_of_part;
  const int num_parts = graph::read_partition_manifest(partition).num_parts();
  for (int part = 0; part < num_parts; ++part) rank_of_part.push_back(part * comm.size() / num_parts);
  const graph::LocalGraph graph = train::open_graph(comm, partition, rank_of_part);
  const auto policy = config.sampler().cache_policy();
  std::optional<std::vector<double>> losses;
  for (const auto cache : {proto::SamplerConfig::NONE, policy}) {
    for (const Loading loading : {Loading::kInLine, Loading::kPipeline}) {
      config.mutable_sampler()->set_cache_policy(cache);
      const Outcome outcome = measure(comm, graph, config, loading, num_steps);
      if (!losses.has_value()) losses = outcome.losses;
      require(outcome.losses == *losses, "losses do not depend on how batches are loaded");
      if (comm.rank() > 0) continue;
      fmt::print(
          "{{\"loading\": \"{}\", \"cache\": \"{}\", \"first_seconds\": {:.4f}, \"step_seconds\": {:.4f}, "
          "\"wait_seconds\": {:.4f}, \"comm_seconds\": {:.4f}, \"loss\": {:.6f}}}\n",
          loading == Loading::kInLine ? "in line" : "pipeline", proto::SamplerConfig::CachePolicy_Name(cache),
          outcome.first_seconds, outcome.step_seconds, outcome.wait_seconds, outcome.comm_seconds,
          outcome.losses.back());
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace gigahop::bench

int main(int argc, char** argv) {
  gigahop::comm::Environment environment(&argc, &argv);
  if (argc < 3) {
    fmt::print(stderr, "usage: mpirun -n R overlap_bench PARTITION STEPS [path=value ...]\n");
    return 2;
  }
  try {
    gigahop::proto::Config config = gigahop::config::load_config({});
    for (int i = 3; i < argc; ++i) gigahop::config::apply_override(config, argv[i]);
    gigahop::config::validate(config);
    gigahop::bench::run(argv[1], std::atoll(argv[2]), config);
  } catch (const gigahop::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    gigahop::comm::abort_all(static_cast<int>(error.kind));
  }
  return 0;
}
