/// `gigahop watch`: follows a run from anywhere that sees its folder.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "launch/command.h"
#include "report/run_follower.h"
#include "train/epoch_view.h"
#include "train/launch_record.h"
#include "train/progress_file.h"
#include "train/report_line.h"

namespace gigahop::launch {
namespace {

using Clock = std::chrono::steady_clock;

struct WatchOptions {
  std::string run;
  double every_seconds = 2;
};

/// Of the launch under way; 0 where that cannot be told.
int64_t num_epochs_of(const std::filesystem::path& run) {
  try {
    const std::optional<proto::Launch> launch = train::read_launch(run);
    return launch.has_value() ? launch->num_epochs() : 0;
  } catch (const Error&) {
    return 0;  // replaced at this moment
  }
}

/// "epoch 3/10 120/400 steps ..., not heard of for 41 s": how it stands, and how old that is where it is old.
std::string text_of(const proto::RunProgress& progress, double age_seconds) {
  constexpr double kFresh = 10;
  std::string text = progress_text(train::progress_state(progress));
  if (age_seconds > kFresh) text += fmt::format(", not heard of for {}", human_duration(age_seconds));
  return text;
}

class Watcher {
 public:
  explicit Watcher(const WatchOptions& options) : options_(options), follower_(options.run) {}

  void run() {
    while (!look()) {
      warn_of_silence();
      std::this_thread::sleep_for(std::chrono::duration<double>(options_.every_seconds));
    }
    clear_progress_line();
    fmt::print("ended\n");
  }

 private:
  /// Whether the run has ended.
  bool look() {
    const report::RunFollower::News news = follower_.look();
    print(news);
    if (news.has_ended) return true;
    const std::optional<proto::RunProgress> progress = train::read_progress(options_.run);
    if (progress.has_value() && progress->epoch() > last_epoch_) {
      show(*progress);
    } else if (!has_looked_ && news.lines.empty()) {
      const bool is_there = std::filesystem::exists(options_.run);
      log_info("{}: {}; waiting", options_.run, is_there ? "no epoch has ended yet" : "there is no such folder yet");
    }
    has_looked_ = true;
    return false;
  }

  void print(const report::RunFollower::News& news) {
    if (news.lines.empty() && !news.is_taken_back) return;
    clear_progress_line();
    if (news.is_taken_back) {
      fmt::print("begun again: what follows replaces what was told from there on\n");
      last_epoch_ = 0;
    }
    const int64_t num_epochs = num_epochs_of(follower_.folder());
    for (const proto::Metrics& metrics : news.lines) {
      fmt::print("{}\n", train::report_line(metrics, num_epochs));
      last_epoch_ = metrics.epoch();
      epoch_seconds_ = metrics.seconds();
    }
    std::fflush(stdout);
    hear(0, epoch_seconds_);
  }

  void show(const proto::RunProgress& progress) {
    if (progress.unix_seconds() != told_at_) {
      told_at_ = progress.unix_seconds();
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      const double age = has_looked_ ? 0 : std::chrono::duration<double>(now).count() - told_at_;
      const double rate = train::progress_state(progress).rate();
      hear(std::max(0.0, age), progress.is_evaluating() || rate == 0 ? epoch_seconds_ : 1 / rate);
    }
    const std::string text = text_of(progress, silent_seconds());
    if (is_on_terminal()) {
      show_progress_line(text);
    } else if (Clock::now() >= next_line_) {
      log_info("{}", text);
      next_line_ = Clock::now() + std::chrono::minutes(1);
    }
  }

  /// Of something that was so some seconds ago and usually takes some until the next.
  void hear(double age_seconds, double usual_seconds) {
    heard_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(age_seconds));
    patience_seconds_ = report::long_silence(usual_seconds);
  }

  double silent_seconds() const { return std::chrono::duration<double>(Clock::now() - heard_).count(); }

  /// When nothing has come for long, and again when it has been twice as long.
  void warn_of_silence() {
    if (silent_seconds() < patience_seconds_) return;
    log_warning("{}: nothing new for {}; is the training still running?", options_.run,
                human_duration(silent_seconds()));
    patience_seconds_ = 2 * silent_seconds();
  }

  const WatchOptions& options_;
  report::RunFollower follower_;
  bool has_looked_ = false;
  int64_t last_epoch_ = 0;    // that was told
  double epoch_seconds_ = 0;  // that it took
  double told_at_ = 0;        // by the clock of the run
  Clock::time_point heard_ = Clock::now();
  double patience_seconds_ = report::long_silence(0);
  Clock::time_point next_line_ = Clock::now();
};

}  // namespace

void add_watch(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("watch",
                                         "Follow a run by its folder: a line for each epoch as it comes, and how far "
                                         "the next one is, until the run ends. It "
                                         "may begin later.\n"
                                         "Example:\n"
                                         "  gigahop watch /shared/runs/first");
  const auto options = std::make_shared<WatchOptions>();
  command->add_option("run", options->run, "Run folder")->type_name("DIR")->required();
  command->add_option("--every", options->every_seconds, "Seconds between two looks, 0.05 to 3600")
      ->type_name("SECONDS")
      ->check(unspoken(CLI::Range(0.05, 3600.0)));
  invocation.add(*command, {}, [=](Context& context) {
    if (context.comm.rank() == 0 && !context.dry_run) Watcher(*options).run();
  });
}

}  // namespace gigahop::launch
