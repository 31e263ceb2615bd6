/// `gigahop watch`: follows a run from anywhere that sees its folder.
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "launch/command.h"
#include "report/run_follower.h"
#include "train/launch_record.h"
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

void print(const report::RunFollower& follower, const report::RunFollower::News& news) {
  if (news.is_taken_back) fmt::print("begun again: what follows replaces what was told from there on\n");
  const int64_t num_epochs = news.lines.empty() ? 0 : num_epochs_of(follower.folder());
  for (const proto::Metrics& metrics : news.lines) fmt::print("{}\n", train::report_line(metrics, num_epochs));
}

/// Warns when nothing has come for long, and again when it has been twice as long.
class Silence {
 public:
  void hear(const proto::Metrics& last) {
    heard_ = Clock::now();
    limit_ = report::long_silence(last.seconds());
  }
  void check(const std::string& run) {
    const double seconds = std::chrono::duration<double>(Clock::now() - heard_).count();
    if (seconds < limit_) return;
    log_warning("{}: nothing new for {}; is the training still running?", run, human_duration(seconds));
    limit_ = 2 * seconds;
  }

 private:
  Clock::time_point heard_ = Clock::now();
  double limit_ = report::long_silence(0);
};

void watch(const WatchOptions& options) {
  report::RunFollower follower(options.run);
  Silence silence;
  bool has_looked = false;
  for (;;) {
    const report::RunFollower::News news = follower.look();
    print(follower, news);
    if (news.has_ended) {
      fmt::print("ended\n");
      return;
    }
    if (!has_looked && news.lines.empty()) log_info("{}: no epoch has ended yet; waiting", options.run);
    has_looked = true;
    if (!news.lines.empty()) silence.hear(news.lines.back());
    silence.check(options.run);
    std::this_thread::sleep_for(std::chrono::duration<double>(options.every_seconds));
  }
}

}  // namespace

void add_watch(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "watch",
      "Follow a run by its folder: a line for each epoch as it comes, until the run ends. It may begin later.\n"
      "Example:\n"
      "  gigahop watch /shared/runs/first");
  const auto options = std::make_shared<WatchOptions>();
  command->add_option("run", options->run, "Run folder")->type_name("DIR")->required();
  command->add_option("--every", options->every_seconds, "Seconds between two looks")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.05, 3600.0));
  invocation.add(*command, {}, [=](Context& context) {
    if (context.comm.rank() == 0 && !context.dry_run) watch(*options);
  });
}

}  // namespace gigahop::launch
