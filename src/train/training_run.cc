#include "train/training_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/checksum.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/trace.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/lock_folder.h"
#include "comm/watchdog.h"
#include "config/config.h"
#include "tensor/host_copy.h"
#include "train/checkpoint_folder.h"
#include "train/checkpoint_reader.h"
#include "train/codebook_use.h"
#include "train/confusion.h"
#include "train/devices.h"
#include "train/epoch_metrics.h"
#include "train/evaluator.h"
#include "train/histogram.h"
#include "train/launch_record.h"
#include "train/model_state.h"
#include "train/rank_figures.h"
#include "train/report_line.h"
#include "train/resume_checks.h"
#include "train/run_progress.h"
#include "train/schedule.h"
#include "train/setup.h"

namespace gigahop::train {
namespace fs = std::filesystem;

template <class Device>
TrainingRun<Device>::TrainingRun(Device& device, const comm::Communicator& comm, const proto::Config& config,
                                 const fs::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                                 fs::path run_folder, const TrainOptions& options)
    : comm_(comm),
      config_(config),
      run_folder_(std::move(run_folder)),
      options_(options),
      began_(std::chrono::steady_clock::now()),
      traffic_(comm),
      device_(device),
      graph_(open_graph(comm, partition_folder, rank_of_part)),
      plan_(plan_run(config.train(), graph_.partition())),
      stream_(device_, comm, graph_, config_, plan_),
      model_(device_, model_shape(config, graph_.partition(), positional_width(graph_)), RandomKey{config.seed()},
             comm),
      optimizer_(
          device_, model_.parameters().values().size,
          {.weight_decay = config.train().weight_decay(), .clip_gradient_norm = config.train().clip_gradient_norm()}),
      assignments_(device_, graph_, config.model().num_codewords(), RandomKey{config.seed()}),
      step_(comm_, model_, optimizer_, assignments_),
      progress_(initial_progress(config_, graph_, comm.size())),
      written_best_(best_of(progress_)) {}

template <class Device>
TrainResult TrainingRun<Device>::run() {
  lock_ = comm::lock_folder(comm_, run_folder_);  // before anything in it is looked at: what is newest stays so
  std::optional<fs::path> checkpoint;
  if (options_.start == Start::kResume) checkpoint = newest_checkpoint(comm_, run_folder_);
  start_from(checkpoint);
  const int64_t last_step = checkpoint.has_value() ? progress_.step() : -1;
  open_checkpoints(last_step);
  const bool is_trained = checkpoint.has_value() && is_at_end();
  if (is_trained) {
    log_info("nothing to train: {} has {} of {} steps", run_folder_.string(), progress_.step(), plan_.num_steps());
    if (is_summed_up()) return result();
  }
  TraceFile timeline(comm_, options_.trace);
  trace::name_thread("steps");
  open_log(last_step);
  if (!is_trained) train();
  const proto::Metrics whole = summary();
  if (log_.has_value()) log_->append(whole);
  timeline.finish();
  return result();
}

template <class Device>
void TrainingRun<Device>::start_from(const std::optional<fs::path>& checkpoint) {
  if (checkpoint.has_value()) {
    comm::agree(comm_, [&] { restore(*checkpoint); });
    log_info("resumed from {}", checkpoint->string());
  } else if (!options_.init_from.empty()) {
    comm::agree(comm_, [&] { load_weights(options_.init_from); });
    log_info("starts from the weights of {}", options_.init_from.string());
  }
  model_.set_histogram(assignments_.histogram(comm_));
}

template <class Device>
void TrainingRun<Device>::feed_batches(const RunPlan& plan) {
  stream_.begin(plan, progress_.step(),
                is_epoch_end_due(progress_) ? BatchFeed::From::kEpochEnd : BatchFeed::From::kTraining);
}

template <class Device>
void TrainingRun<Device>::restore(const fs::path& checkpoint) {
  const CheckpointReader reader(checkpoint, CheckpointReader::Check::kManifest);
  const proto::Checkpoint& saved = reader.manifest();
  require_same_graph(reader, graph_.partition());
  require_same_partition(reader, graph_.partition());
  require_same_encoding(reader, encoding_fingerprint(graph_));
  require_same_model(reader, config_.model());
  require_resumable(saved.config(), config_);
  const std::vector<std::string> changed = changed_settings(saved.config(), config_);
  if (!changed.empty() && comm_.rank() == 0) {
    log_warning("settings changed since the checkpoint, the run is not what it would have been: {}",
                fmt::join(changed, ", "));
  }
  load_model(reader.model(), Needed::kEverything, model_);
  load_optimizer(reader.optimizer(), model_, optimizer_);
  if (model_.has_codebook()) assignments_.load(reader);
  continue_from(saved, progress_);
  if (saved.best_step() < 0 || is_complete(run_folder_ / kCheckpointsFolder / checkpoint_name(saved.best_step()))) {
    set_best(progress_, best_of(saved));
  } else {
    log_warning("{} was the best and is no more: the next evaluated one is", checkpoint_name(saved.best_step()));
  }
  written_best_ = best_of(progress_);
}

template <class Device>
void TrainingRun<Device>::load_weights(const fs::path& path) {
  const array::SafetensorsFile file(path);
  load_model(file, Needed::kParametersOnly, model_);
  if (model_.has_codebook() && file.contains(kAssignmentsTensor)) assignments_.load(file);
}

/// As the launches before left them, without what they did not come to remove.
template <class Device>
void TrainingRun<Device>::open_checkpoints(int64_t last_step) {
  writer_.emplace(comm_, run_folder_, config_.train().keep_last(), last_step);
  if (last_step < 0 || comm_.rank() != 0) return;
  name_best(run_folder_, progress_.best_step());
  writer_->remove_superseded(progress_.best_step());
}

template <class Device>
void TrainingRun<Device>::open_log(int64_t last_step) {
  const proto::Launch launch = describe_launch(comm_, config_, graph_, plan_, options_.forecast);
  comm::agree(comm_, [&] {
    if (comm_.rank() != 0) return;
    write_launch(run_folder_, launch);
    const std::string settings = config::print_config(config_);
    write_text_file(run_folder_ / "config.textproto", settings);
    // The line of an epoch whose end is due is written when that comes.
    log_.emplace(run_folder_, is_epoch_end_due(progress_) ? last_step - 1 : last_step);
    log_->append_settings(settings);
  });
}

/// By a launch before, which came to the same end.
template <class Device>
bool TrainingRun<Device>::is_summed_up() const {
  int32_t is_told = comm_.rank() == 0 && has_summary(run_folder_, progress_.step()) ? 1 : 0;
  comm::broadcast(comm_, std::span(&is_told, 1), 0);
  return is_told == 1;
}

template <class Device>
void TrainingRun<Device>::train() {
  feed_batches(plan_);
  is_stop_wanted();  // from here on it is heeded
  if (plan_.num_epochs == 0) {
    evaluate_untrained();
  } else {
    train_epochs();
  }
  stream_.end();
  finish_checkpoint();
  if (!is_stopped_) require_saved();
  comm::note_step(comm_, -1);
}

/// A checkpoint that was not written is made up for by a later one; the last by none.
template <class Device>
void TrainingRun<Device>::require_saved() const {
  comm::agree(comm_, [this] {
    if (is_saved_ || comm_.rank() != 0) return;
    throw data_error((run_folder_ / kCheckpointsFolder).string(),
                     fmt::format("one of step {}, the last", progress_.step()), "that it could not be written",
                     "make room for it and go on with --resume");
  });
}

template <class Device>
void TrainingRun<Device>::train_epochs() {
  if (comm_.rank() == 0) view_.emplace(run_folder_, options_.output);
  Ending ending = Ending::kGoesOn;
  while (!is_at_end() && ending == Ending::kGoesOn) ending = train_epoch();
  view_.reset();
  is_stopped_ = ending == Ending::kStopped && !is_at_end();
  if (is_stopped_) log_info("told to stop: step {} is the last", progress_.step());
}

template <class Device>
bool TrainingRun<Device>::is_stop_wanted() const {
  return options_.is_stop_wanted && options_.is_stop_wanted();
}

template <class Device>
bool TrainingRun<Device>::is_at_end() const {
  return progress_.step() >= plan_.num_steps() && !is_epoch_end_due(progress_);
}

/// To its end, or to where a limit or a wish to stop ends it before.
template <class Device>
typename TrainingRun<Device>::Ending TrainingRun<Device>::train_epoch() {
  const EpochTimer timer([this] {
    return EpochTimer::Spent{stream_.batches().waited_seconds(), comm_.seconds() + step_.sync_seconds(),
                             model_.product_seconds(), stream_.batches().taken(), step_.seconds()};
  });
  seeds_before_ = progress_.tally().num_seeds();
  if (view_.has_value()) view_->begin(progress_, plan_);
  bool is_told_to_stop = false;
  while (!is_epoch_end_due(progress_) && progress_.step() < plan_.num_steps() && !is_told_to_stop) {
    is_told_to_stop = train_step(timer);
    if (!is_epoch_end_due(progress_) && (is_told_to_stop || plan_.saves_within_epoch(progress_.step()))) save();
  }
  const Ending ending = is_epoch_end_due(progress_) ? end_epoch(timer, is_told_to_stop) : Ending::kGoesOn;
  if (view_.has_value()) view_->end();
  return is_told_to_stop ? Ending::kStopped : ending;
}

template <class Device>
bool TrainingRun<Device>::train_step(const EpochTimer& timer) {
  const trace::Span span("step", progress_.step());
  comm::note_step(comm_, progress_.step());
  const int64_t num_seeds = num_seeds_of_step(graph_.partition(), progress_.step_in_epoch(), plan_.steps_per_epoch);
  const StepOutput output = step_.run(
      stream_.batches(),
      {.step = progress_.step(), .num_seeds_all = num_seeds, .learning_rate = learning_rate_of(progress_.step())});
  // One small sum per step: the loss, whether the checkpoint under way is on disk on all ranks, and whether to stop.
  std::array<double, 4> sums = {output.loss_sum, static_cast<double>(output.num_correct),
                                writer_->is_pending() && writer_->is_written() ? 1.0 : 0.0,
                                is_stop_wanted() ? 1.0 : 0.0};
  comm::all_reduce_sum(comm_, std::span<double>(sums));

  proto::EpochTally& tally = *progress_.mutable_tally();
  tally.set_gradient_norm(output.gradient_norm);
  tally.set_loss_sum(tally.loss_sum() + sums[0]);
  tally.set_num_correct(tally.num_correct() + std::llround(sums[1]));
  tally.set_num_seeds(tally.num_seeds() + num_seeds);
  progress_.set_step(progress_.step() + 1);
  progress_.set_step_in_epoch((progress_.step_in_epoch() + 1) % plan_.steps_per_epoch);
  if (progress_.step_in_epoch() == 0) progress_.set_epoch(progress_.epoch() + 1);

  if (view_.has_value()) view_->step(tally, timer.own_data_wait_share());
  if (options_.on_step && num_seeds > 0) options_.on_step(progress_.step(), sums[0] / static_cast<double>(num_seeds));
  if (sums[2] == comm_.size()) finish_checkpoint();
  return sums[3] > 0;
}

/// A stop before the evaluation is through leaves the end of the epoch to the run that resumes.
template <class Device>
typename TrainingRun<Device>::Ending TrainingRun<Device>::end_epoch(const EpochTimer& timer, bool is_told_to_stop) {
  const EpochTimer::Shares shares = timer.stop(comm_);
  proto::Metrics metrics = epoch_metrics(progress_, shares, seeds_before_, learning_rate_of(progress_.step() - 1));
  add_codebook_use(model_, metrics);
  add_rank_figures(comm_, shares, metrics);
  const bool is_planned = plan_.evaluates_after(progress_.epoch());
  const Ending ending = progress_.step() < plan_.num_steps() ? ask_clock() : Ending::kGoesOn;
  const bool evaluates = is_planned || ending == Ending::kOutOfTime;
  if (evaluates && !is_planned) feed_batches(RunPlan{});
  if (evaluates && (is_told_to_stop || !evaluate_splits(metrics))) {
    save();
    return Ending::kStopped;
  }
  progress_.set_last_loss(metrics.loss());
  *progress_.mutable_tally() = {};
  traffic_.add_recent(metrics);
  report(metrics);
  log_histograms();
  if (evaluates || is_told_to_stop || plan_.saves_within_epoch(progress_.step())) save();
  return ending;
}

/// False, and nothing is changed, if a rank is told to stop before the end.
template <class Device>
bool TrainingRun<Device>::evaluate_splits(proto::Metrics& metrics) {
  const comm::Phase phase(comm_, "evaluation");
  const trace::Span span("evaluation");
  if (view_.has_value()) view_->evaluate();
  const auto stop = [this] { return is_stop_wanted(); };
  const auto valid = evaluate(comm_, model_, stream_.batches(), stream_.feed().num_valid_batches(), stop);
  if (!valid.has_value()) return false;
  const auto test = evaluate(comm_, model_, stream_.batches(), stream_.feed().num_test_batches(), stop);
  if (!test.has_value()) return false;
  finish_checkpoint();
  progress_.set_valid_accuracy(valid->accuracy);
  if (!std::isnan(valid->accuracy)) metrics.set_valid_accuracy(valid->accuracy);
  if (!std::isnan(test->accuracy)) metrics.set_test_accuracy(test->accuracy);
  if (!std::isnan(valid->accuracy) && !(valid->accuracy <= progress_.best_valid_accuracy())) {
    set_best(progress_, {progress_.step(), valid->accuracy, test->accuracy});
    if (comm_.rank() == 0) write_confusion(run_folder_, progress_.step(), valid->confusion, test->confusion);
  }
  return true;
}

template <class Device>
void TrainingRun<Device>::evaluate_untrained() {
  proto::Metrics metrics;
  metrics.set_kind("evaluation");
  metrics.set_step(progress_.step());
  metrics.set_epoch(progress_.epoch());
  is_stopped_ = !evaluate_splits(metrics);
  if (is_stopped_) return;
  traffic_.add_recent(metrics);
  report(metrics);
  save();
}

template <class Device>
void TrainingRun<Device>::log_histograms() {
  const int64_t every = config_.train().histograms_every_epochs();
  if (!log_.has_value() || every == 0 || progress_.epoch() % every != 0) return;
  log_->append_histograms(progress_.step(), histograms_of(model_));
}

template <class Device>
void TrainingRun<Device>::report(const proto::Metrics& metrics) {
  if (comm_.rank() != 0) return;
  log_->append(metrics);
  if (options_.output == Output::kQuiet) return;
  clear_progress_line();
  fmt::print("{}\n", report_line(metrics, plan_.num_epochs));
  std::fflush(stdout);
}

template <class Device>
proto::Metrics TrainingRun<Device>::summary() {
  proto::Metrics metrics;
  metrics.set_kind("summary");
  metrics.set_step(progress_.step());
  metrics.set_epoch(progress_.epoch());
  const TrainResult total = result();
  if (!std::isnan(total.last_loss)) metrics.set_loss(total.last_loss);
  if (!std::isnan(total.best_valid_accuracy)) metrics.set_valid_accuracy(total.best_valid_accuracy);
  if (!std::isnan(total.best_test_accuracy)) metrics.set_test_accuracy(total.best_test_accuracy);
  metrics.set_seconds(total.seconds);
  traffic_.add_all(metrics);
  return metrics;
}

/// The clock of rank 0 decides for all.
template <class Device>
typename TrainingRun<Device>::Ending TrainingRun<Device>::ask_clock() const {
  const double limit = config_.train().max_seconds();
  if (limit == 0) return Ending::kGoesOn;
  int32_t is_over = result().seconds >= limit ? 1 : 0;
  comm::broadcast(comm_, std::span(&is_over, 1), 0);
  if (is_over == 0) return Ending::kGoesOn;
  log_info("train.max_seconds is over after epoch {}", progress_.epoch());
  return Ending::kOutOfTime;
}

template <class Device>
void TrainingRun<Device>::save() {
  const trace::Span span("checkpoint");
  const comm::Phase phase(comm_, "checkpoint");
  finish_checkpoint();
  const std::vector<float> values = host_copy(device_, model_.parameters().values());
  comm::require_same_on_all_ranks(comm_, checksum_of(std::as_bytes(std::span(values))), "the parameters of every rank");
  Snapshot snapshot;
  snapshot.manifest = progress_;
  if (comm_.rank() == 0) {
    snapshot.model = save_model(model_);
    snapshot.optimizer = save_optimizer(model_, optimizer_);
  }
  if (model_.has_codebook()) snapshot.codes = assignments_.by_part();
  writer_->start(std::move(snapshot));
}

/// The best is the best that can be loaded: if its checkpoint was not written, the one before is the best again. No
/// evaluation comes between a start and its finish.
template <class Device>
void TrainingRun<Device>::finish_checkpoint() {
  if (!writer_->is_pending()) return;
  const comm::Phase phase(comm_, "checkpoint");
  is_saved_ = writer_->finish();
  if (is_saved_) {
    written_best_ = best_of(progress_);
  } else {
    set_best(progress_, written_best_);
  }
}

template <class Device>
double TrainingRun<Device>::learning_rate_of(int64_t step) const {
  return learning_rate(config_.train(), step, plan_.num_scheduled_steps());
}

template <class Device>
TrainResult TrainingRun<Device>::result() const {
  return {.step = progress_.step(),
          .epoch = progress_.epoch(),
          .last_loss = progress_.last_loss(),
          .best_valid_accuracy = progress_.best_valid_accuracy(),
          .best_test_accuracy = progress_.best_test_accuracy(),
          .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(),
          .is_stopped = is_stopped_};
}

#define GIGAHOP_INSTANTIATE(Device) template class TrainingRun<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
