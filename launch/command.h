/// What every sub-command shares: its options, the configuration it ends up with, and how it is run.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "launch/context.h"

namespace gigahop::launch {

/// A flag that is another way to write a setting: "--epochs 3" for "--set train.epochs=3".
struct SettingFlag {
  std::string flag;
  std::string path;
  std::string help;
};

/// A check that adds nothing to help and man pages, where an option's type and description say it already.
CLI::Validator unspoken(CLI::Validator check);

struct CommandTraits {
  /// The same command, once more, goes on where a signal ended it.
  bool goes_on = false;
  /// Where ranks leave word when the job hangs: the folder that the command writes into.
  std::function<std::filesystem::path(const proto::Config&)> folder_of_run = nullptr;
};

/// The command chosen on the command line; filled while the options are parsed.
class Invocation {
 public:
  /// Adds --config, --set, --print-config, --dry-run, --verbose and the flags to a sub-command, and its action.
  void add(CLI::App& command, const std::vector<SettingFlag>& flags, std::function<void(Context&)> action,
           const CommandTraits& traits = {});

  /// Of the command chosen.
  bool goes_on() const { return traits_.goes_on; }

  /// Loads and validates the configuration, then prints it (--print-config) or runs the action. Returns the exit code.
  int run(const comm::Communicator& comm, StopSignals& stop_signals) const;

 private:
  struct FlagValue {
    std::string path;
    std::string value;
  };

  std::string config_path_;
  std::vector<std::string> overrides_;
  std::vector<FlagValue> flag_values_;
  bool print_config_ = false;
  bool dry_run_ = false;
  bool verbose_ = false;
  std::string name_;
  std::function<void(Context&)> action_;
  CommandTraits traits_;
};

void add_import(CLI::App& app, Invocation& invocation);
void add_generate(CLI::App& app, Invocation& invocation);
void add_partition(CLI::App& app, Invocation& invocation);
void add_encode(CLI::App& app, Invocation& invocation);
void add_train(CLI::App& app, Invocation& invocation);
void add_predict(CLI::App& app, Invocation& invocation);
void add_export(CLI::App& app, Invocation& invocation);
void add_explain(CLI::App& app, Invocation& invocation);
void add_inspect(CLI::App& app, Invocation& invocation);
void add_report(CLI::App& app, Invocation& invocation);
void add_run(CLI::App& app, Invocation& invocation);
void add_watch(CLI::App& app, Invocation& invocation);
void add_doctor(CLI::App& app, Invocation& invocation);

}  // namespace gigahop::launch
