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
#include "training_steps.h"

namespace gigahop::bench {
namespace {

using Clock = std::chrono::steady_clock;

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

Outcome measure(const comm::Communicator& comm, const graph::LocalGraph& graph, const proto::Config& config,
                Loading loading, int64_t num_steps) {
  Training training(comm, graph, config);
  EpochBatches source(comm, graph, config, loading);
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
    outcome.losses.push_back(training.run(batch, i, source.num_steps()));
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
  const graph::LocalGraph graph = open_parts(comm, partition);
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
