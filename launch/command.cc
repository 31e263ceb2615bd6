#include "launch/command.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "config/config.h"

namespace gigahop::launch {
namespace {

/// The cores this process may use; all of them are shared among the ranks of the host unless each is bound to its own.
int usable_threads(const comm::Communicator& comm) {
  cpu_set_t bound;
  CPU_ZERO(&bound);
  const int num_cores = static_cast<int>(std::thread::hardware_concurrency());
  const int num_bound = sched_getaffinity(0, sizeof(bound), &bound) == 0 ? CPU_COUNT(&bound) : num_cores;
  if (num_bound < num_cores) return num_bound;
  return std::max(1, num_cores / comm.ranks_on_host());
}

}  // namespace

int Context::num_threads() const {
  return config.threads() > 0 ? config.threads() : usable_threads(comm);
}

void Invocation::add(CLI::App& command, const std::vector<SettingFlag>& flags, std::function<void(Context&)> action) {
  command.add_option("--config", config_path_, "Settings as a text proto; src/proto/config.proto lists them all")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  command.add_option("--set", overrides_, "One setting, over the file's: --set train.epochs=3; may be repeated")
      ->type_name("PATH=VALUE")
      ->take_all();
  command.add_flag("--print-config", print_config_, "Print every setting with its value and end");
  command.add_flag("--dry-run", dry_run_, "Check everything, print the plan and the memory per rank, write nothing");
  command.add_flag("--verbose", verbose_, "Debug lines in the log");
  for (const SettingFlag& flag : flags) {
    command
        .add_option_function<std::string>(
            flag.flag, [this, path = flag.path](const std::string& value) { flag_values_.push_back({path, value}); },
            flag.help)
        ->type_name(flag.path);
  }
  command.callback([this, chosen = std::move(action)] { action_ = chosen; });
}

void Invocation::run(const comm::Communicator& comm) const {
  configure_log(comm.rank(), comm.size(), verbose_ ? LogLevel::kDebug : LogLevel::kInfo);
  Context context{.comm = comm, .config = config::load_config(config_path_), .dry_run = dry_run_};
  for (const std::string& assignment : overrides_) config::apply_override(context.config, assignment);
  for (const FlagValue& flag : flag_values_) config::apply_override(context.config, flag.path + "=" + flag.value);
  config::validate(context.config);
  if (print_config_) {
    if (comm.rank() == 0) fmt::print("{}", config::print_config(context.config));
    return;
  }
  omp_set_num_threads(context.num_threads());
  action_(context);
}

}  // namespace gigahop::launch
