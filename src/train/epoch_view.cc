#include "train/epoch_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "train/run_progress.h"

namespace gigahop::train {
namespace {

std::string note(const proto::RunProgress& progress) {
  if (progress.is_evaluating()) return "evaluating";
  if (!progress.has_loss()) return "";
  return fmt::format("loss {:.4f}, waiting for data {:.0f} %", progress.loss(), 100 * progress.data_wait_share());
}

}  // namespace

ProgressState progress_state(const proto::RunProgress& progress) {
  return {.title = fmt::format("epoch {}/{}", progress.epoch(), progress.num_epochs()),
          .unit = "steps",
          .done = progress.step_in_epoch(),
          .total = progress.steps_per_epoch(),
          .before = progress.first_step_in_epoch(),
          .seconds = progress.seconds(),
          .note = note(progress)};
}

void EpochView::begin(const proto::Checkpoint& progress, const RunPlan& plan) {
  began_ = std::chrono::steady_clock::now();
  const bool is_end_due = is_epoch_end_due(progress);
  const int64_t done = is_end_due ? plan.steps_per_epoch : progress.step_in_epoch();
  now_ = {};
  now_.set_epoch(is_end_due ? progress.epoch() : progress.epoch() + 1);
  now_.set_num_epochs(plan.num_epochs);
  now_.set_step_in_epoch(done);
  now_.set_steps_per_epoch(plan.steps_per_epoch);
  now_.set_first_step_in_epoch(done);
  tell();
  if (output_ == Output::kQuiet) return;
  const ProgressState state = progress_state(now_);
  bar_.emplace(state.title, state.unit, state.total, Progress::Visibility::kShown, state.before);
}

void EpochView::step(const proto::EpochTally& tally, double data_wait_share) {
  now_.set_step_in_epoch(now_.step_in_epoch() + 1);
  now_.set_loss(tally.loss_sum() / static_cast<double>(std::max<int64_t>(tally.num_seeds(), 1)));
  now_.set_data_wait_share(data_wait_share);
  tell();
  if (!bar_.has_value()) return;
  bar_->note(note(now_));
  bar_->advance(1);
}

void EpochView::evaluate() {
  now_.set_is_evaluating(true);
  tell();
  if (!bar_.has_value()) return;
  bar_->note(note(now_));
  bar_->refresh();
}

void EpochView::tell() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  now_.set_unix_seconds(std::chrono::duration<double>(now).count());
  if (!now_.is_evaluating()) {
    now_.set_seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count());
  }
  file_.tell(now_);
}

}  // namespace gigahop::train
