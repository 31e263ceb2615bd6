#include "train/drawn_batches.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "comm/collectives.h"
#include "sampler/loader.h"
#include "sampler/sketches.h"
#include "train/batch_feed.h"
#include "train/run_plan.h"
#include "train/setup.h"

namespace gigahop::train {
namespace {

using Growth = std::vector<sampler::BatchExtents>;

constexpr int64_t kTrainingBatches = 6;
constexpr int64_t kEvaluationBatches = 2;  // of each split

/// Element by element; the shorter goes on as it ends.
void enlarge(Growth& largest, const Growth& other) {
  largest.resize(std::max(largest.size(), other.size()), largest.empty() ? sampler::BatchExtents{} : largest.back());
  for (size_t b = 0; b < largest.size(); ++b) {
    largest[b] = larger_of(largest[b], other[std::min(b, other.size() - 1)]);
  }
}

void enlarge_over_ranks(const comm::Communicator& comm, Growth& growth) {
  const auto size = comm::max_over_ranks(comm, static_cast<int64_t>(growth.size()));
  growth.resize(static_cast<size_t>(size), growth.empty() ? sampler::BatchExtents{} : growth.back());
  std::vector<int64_t> numbers;
  for (const sampler::BatchExtents& e : growth) {
    numbers.insert(numbers.end(), {e.num_seeds, e.num_entries, e.num_nodes, e.num_remote});
  }
  comm::all_reduce_max(comm, std::span<int64_t>(numbers));
  for (size_t b = 0; b < growth.size(); ++b) {
    growth[b] = {numbers[4 * b], numbers[4 * b + 1], numbers[4 * b + 2], numbers[4 * b + 3]};
  }
}

/// What a run draws from, and what it has shown so far.
class Draw {
 public:
  Draw(const comm::Communicator& comm, const proto::Config& config, const graph::LocalGraph& graph)
      : config_(config),
        graph_(graph),
        num_ranks_(comm.size()),
        plan_(plan_run(config.train(), graph.partition())),
        options_(loader_options(config, num_threads(config))),
        loader_(graph, comm.duplicate(), options_) {}

  DrawnBatches run() {
    DrawnBatches drawn;
    const bool trains = plan_.num_epochs > 0;
    const bool evaluates = !trains || plan_.num_steps() >= plan_.steps_per_epoch;
    if (trains) draw_training(drawn);
    if (evaluates) draw_evaluation(drawn);
    drawn.lists_bytes = keeps_lists() ? lists_of(trains, evaluates) : 0;
    return drawn;
  }

 private:
  void draw_training(DrawnBatches& drawn) {
    RunPlan one_epoch = plan_;
    one_epoch.num_epochs = 1;
    one_epoch.max_steps = std::min(plan_.steps_per_epoch, kTrainingBatches);
    BatchFeed feed(graph_, config_, one_epoch, 0);
    std::vector<int64_t> remote_after;
    for (int64_t step = 0; step < one_epoch.max_steps; ++step) {
      const sampler::DrawnBatch batch = loader_.draw(*feed.next());
      enlarge(drawn.training, batch.extents);
      std::vector<OriginalId> together;
      std::ranges::set_union(cached_, batch.remote_ids, std::back_inserter(together));
      cached_ = std::move(together);
      remote_after.push_back(static_cast<int64_t>(cached_.size()));
    }
    drawn.epoch_remote =
        std::min(extrapolate(remote_after, plan_.steps_per_epoch), graph_.map().num_nodes() - graph_.num_owned());
    keep_presampled(drawn);
  }

  /// A cache that has room for what an epoch wants has all of it: training fetches nothing beside, and evaluation only
  /// what training did not want.
  void keep_presampled(DrawnBatches& drawn) {
    const bool has_all =
        options_.cache_policy == sampler::CachePolicy::kPresample && drawn.epoch_remote <= loader_.cache_capacity();
    if (!has_all) {
      cached_.clear();
      return;
    }
    for (sampler::BatchExtents& extents : drawn.training) extents.num_remote = 0;
  }

  void draw_evaluation(DrawnBatches& drawn) {
    for (const sampler::Split split : {sampler::Split::kValid, sampler::Split::kTest}) {
      sampler::SeedPlan seeds = plan_evaluation(graph_, config_, split);
      const int64_t num_batches = std::min(seeds.num_steps(), kEvaluationBatches);
      for (int64_t i = 0; i < num_batches; ++i) {
        const int64_t step = i * seeds.num_steps() / num_batches;
        const sampler::DrawnBatch batch = loader_.draw(
            {.epoch = 0, .step = step, .salt = sampler::kEvaluationSalt, .seeds = seeds.seeds(0, step)}, cached_);
        enlarge(drawn.evaluation, batch.extents);
      }
    }
  }

  /// Steps that samples of one salt serve, this run's or, where the cache is filled by drawing them, a whole epoch's.
  int64_t steps_of_salt() const {
    const bool presamples = options_.cache_policy == sampler::CachePolicy::kPresample && num_ranks_ > 1;
    return presamples ? plan_.steps_per_epoch : std::min(plan_.num_steps(), plan_.steps_per_epoch);
  }

  /// Where two epochs follow each other without an evaluation, the samples of both are kept.
  bool keeps_two_epochs() const {
    const bool renews = config_.sampler().resample_every_epochs() > 0 && plan_.num_steps() > plan_.steps_per_epoch;
    return renews && plan_.evaluate_every_epochs != 1;
  }

  bool keeps_lists() const {
    return options_.neighbourhood == sampler::Neighbourhood::kTwoHops &&
           options_.sampling == sampler::Sampling::kCoordinated;
  }

  int64_t lists_of(bool trains, bool evaluates) const {
    std::vector<LocalId> seeds;
    int64_t short_rows = 0;
    int64_t training = 0;
    if (trains) {
      const double part_of_epoch = static_cast<double>(steps_of_salt()) / static_cast<double>(plan_.steps_per_epoch);
      seeds = plan_training(graph_, config_).all_seeds();
      const sampler::KeptLists lists = sampler::expect_lists(graph_, options_, seeds, part_of_epoch);
      short_rows = lists.short_rows_bytes;
      training = lists.sketches_bytes;
    }
    int64_t evaluation = 0;
    if (evaluates) {
      std::vector<LocalId> evaluated = plan_evaluation(graph_, config_, sampler::Split::kValid).all_seeds();
      const std::vector<LocalId> tested = plan_evaluation(graph_, config_, sampler::Split::kTest).all_seeds();
      evaluated.insert(evaluated.end(), tested.begin(), tested.end());
      evaluation = sampler::expect_lists(graph_, options_, evaluated, 1).sketches_bytes;
      // By then an epoch has had all of its seeds.
      seeds.insert(seeds.end(), evaluated.begin(), evaluated.end());
      short_rows = sampler::expect_lists(graph_, options_, seeds, 1).short_rows_bytes;
    }
    if (options_.salts_kept == 1) return short_rows + std::max(training, evaluation);
    return short_rows + training + std::max(evaluation, keeps_two_epochs() ? training : 0);
  }

  const proto::Config& config_;
  const graph::LocalGraph& graph_;
  int num_ranks_;
  RunPlan plan_;
  sampler::LoaderOptions options_;
  sampler::Loader loader_;
  std::vector<OriginalId> cached_;  // remote nodes that training wants, ascending; those that evaluation finds here
};

}  // namespace

int64_t extrapolate(const std::vector<int64_t>& values, int64_t num_steps) {
  if (values.empty() || num_steps <= 0) return 0;
  const auto known = static_cast<int64_t>(values.size());
  if (num_steps <= known) return values[static_cast<size_t>(num_steps) - 1];
  const int64_t before = known == 1 ? 0 : values[static_cast<size_t>(known) - 2];
  return values.back() + (num_steps - known) * (values.back() - before);
}

DrawnBatches draw_batches(const comm::Communicator& comm, const proto::Config& config, const graph::LocalGraph& graph) {
  DrawnBatches drawn = Draw(comm, config, graph).run();
  enlarge_over_ranks(comm, drawn.training);
  enlarge_over_ranks(comm, drawn.evaluation);
  std::array<int64_t, 2> numbers = {drawn.epoch_remote, drawn.lists_bytes};
  comm::all_reduce_max(comm, std::span<int64_t>(numbers));
  drawn.epoch_remote = numbers[0];
  drawn.lists_bytes = numbers[1];
  return drawn;
}

}  // namespace gigahop::train
