/// gigahop: one program, one sub-command per stage of the path from a raw graph to predictions.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/stop_signal.h"
#include "launch/command.h"
#include "launch/guarded_main.h"
#include "launch/manual.h"

namespace {

/// Under mpirun and srun every rank parses the same words; the first alone talks about them.
bool is_first_rank() {
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"}) {
    if (const char* rank = std::getenv(variable)) return std::string_view(rank) == "0";
  }
  return true;
}

/// Says which first word is no sub-command; false if the trouble is another.
bool explain_unknown_command(const CLI::App& app, std::string_view word) {
  std::string names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == word) return false;
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  if (word.empty() || word.starts_with('-')) return false;
  if (is_first_rank()) {
    std::fprintf(stderr, "config: subcommand: expected one of %s, found \"%s\"; gigahop --help says what each does\n",
                 names.c_str(), std::string(word).c_str());
  }
  return true;
}

int explain(const CLI::App& app, std::string_view first_word, const CLI::ParseError& outcome) {
  const bool is_help = outcome.get_exit_code() == 0;
  const bool explained = !is_help && explain_unknown_command(app, first_word);
  if (is_first_rank() && !explained) app.exit(outcome);
  return is_help ? 0 : static_cast<int>(gigahop::ErrorKind::kConfig);
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // an epoch line is seen when it is printed, under mpirun and in files too
  using namespace gigahop::launch;

  CLI::App app(
      "gigahop trains graph transformers on graphs that do not fit in one machine.\n"
      "The path: import or generate -> partition -> encode -> train -> predict; `run` does all of it.\n"
      "partition, encode, train, predict, run and doctor also run under mpirun -n R.");
  app.require_subcommand(1);
  app.set_version_flag("--version", GIGAHOP_VERSION);

  app.add_option_function<std::string>("--write-manual",
                                       [&app](const std::string& folder) {
                                         write_manual(app, folder);
                                         throw CLI::Success();
                                       })
      ->group("");  // for the build

  Invocation invocation;
  for (const auto add : {add_import, add_generate, add_partition, add_encode, add_train, add_predict, add_explain,
                         add_export, add_inspect, add_report, add_run, add_watch, add_doctor}) {
    add(app, invocation);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& outcome) {
    return explain(app, argc > 1 ? argv[1] : "", outcome);
  }
  gigahop::StopSignals stop_signals(kExitTryAgain);  // before MPI starts threads
  if (invocation.goes_on()) stop_signals.react_by(gigahop::StopSignals::Reaction::kEnd);
  return guarded_main(argc, argv,
                      [&](const gigahop::comm::Communicator& world) { return invocation.run(world, stop_signals); });
}
