#include "launch/command.h"

#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "base/log.h"
#include "base/trace.h"
#include "comm/collectives.h"
#include "comm/watchdog.h"
#include "config/config.h"
#include "launch/guarded_main.h"
#include "train/setup.h"

namespace gigahop::launch {

CLI::Validator unspoken(CLI::Validator check) {
  return check.description("");
}

void Invocation::add(CLI::App& command, const std::vector<SettingFlag>& flags, std::function<void(Context&)> action,
                     const CommandTraits& traits) {
  command.add_option("--config", config_path_, "Settings as a text proto; src/proto/config.proto lists them all")
      ->type_name("FILE")
      ->check(unspoken(CLI::ExistingFile));
  command.add_option("--set", overrides_, "One setting, over the file's: --set train.epochs=3; may be repeated")
      ->type_name("PATH=VALUE")
      ->take_all();
  command.add_flag("--print-config", print_config_, "Print every setting with its value and end");
  command.add_flag("--dry-run", dry_run_, "Check everything, print the plan and the memory per rank, write nothing");
  command.add_flag("--verbose", verbose_, "Debug lines in the log");
  for (const SettingFlag& flag : flags) {
    command
        .add_option_function<std::string>(
            flag.flag,
            [this, path = flag.path](const std::string& value) {
              flag_values_.push_back({path, value});
            },
            flag.help)
        ->type_name(flag.path);
  }
  command.callback([this, name = command.get_name(), chosen = std::move(action), traits] {
    name_ = name;
    action_ = chosen;
    traits_ = traits;
  });
}

int Invocation::run(const comm::Communicator& comm, StopSignals& stop_signals) const {
  configure_log(comm.rank(), comm.size(), verbose_ ? LogLevel::kDebug : LogLevel::kInfo);
  Context context{
      .comm = comm, .stop_signals = stop_signals, .config = config::load_config(config_path_), .dry_run = dry_run_};
  for (const std::string& assignment : overrides_) config::apply_override(context.config, assignment);
  for (const FlagValue& flag : flag_values_) config::apply_override(context.config, flag.path + "=" + flag.value);
  config::validate(context.config);
  train::require_device_of_build(context.config);
  if (print_config_) {
    if (comm.rank() == 0) fmt::print("{}", config::print_config(context.config));
    return 0;
  }
  context.use_processors();
  const double deadline = context.config.watchdog_seconds();
  const std::filesystem::path folder = traits_.folder_of_run ? traits_.folder_of_run(context.config) : "";
  const trace::Span span(name_.c_str());
  std::optional<comm::Watchdog> watchdog;
  if (deadline > 0) {
    watchdog.emplace(comm, comm::WatchdogOptions{.deadline_seconds = deadline},
                     [&](const comm::Hang& hang) { end_hung_job(comm, hang, folder); });
  }
  action_(context);
  comm::barrier(comm);  // while the watchdog lives, so that a rank that hangs at its end is named too
  if (watchdog.has_value()) watchdog->end();
  return context.exit_code;
}

}  // namespace gigahop::launch
