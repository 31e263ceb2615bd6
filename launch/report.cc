/// `gigahop report`: one page about one run, or about several side by side.
#include <fmt/format.h>

#include "base/files.h"
#include "comm/agree.h"
#include "launch/command.h"
#include "report/report_page.h"
#include "report/run_data.h"

namespace gigahop::launch {
namespace {

struct ReportOptions {
  std::vector<std::string> runs;
  std::string partition;
  std::string output = "report.html";
};

void report(const Context& context, const ReportOptions& options) {
  std::vector<report::RunData> runs;
  for (const std::string& run : options.runs) runs.push_back(report::read_run(run, options.partition));
  if (!context.dry_run) write_text_file(options.output, report::report_page(std::move(runs)));
  fmt::print("report of {} run{}: {}{}\n", options.runs.size(), options.runs.size() == 1 ? "" : "s", options.output,
             context.dry_run ? " (not written)" : "");
}

}  // namespace

void add_report(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "report",
      "One HTML page about a run, or several side by side: curves, time, traffic, memory, classes, partition, "
      "settings.\n"
      "Examples:\n"
      "  gigahop report data/debian_packages/run --output report.html\n"
      "  gigahop report runs/first runs/second --output both.html");
  const auto options = std::make_shared<ReportOptions>();
  command->add_option("runs", options->runs, "Run folders; a run may still be under way")
      ->type_name("DIR...")
      ->required();
  command->add_option("--output", options->output, "The page; an earlier one is replaced")->type_name("FILE");
  command->add_option("--partition", options->partition, "Partition folder of the runs, where it has moved since")
      ->type_name("DIR");
  invocation.add(*command, {}, [=](Context& context) {
    comm::agree(context.comm, [&] {
      if (context.comm.rank() == 0) report(context, *options);
    });
  });
}

}  // namespace gigahop::launch
