/// `gigahop export`: one part as a text file for other tools.
#include <fmt/format.h>

#include "base/progress.h"
#include "comm/agree.h"
#include "graph/part_export.h"
#include "launch/command.h"
#include "launch/output_place.h"

namespace gigahop::launch {

void add_export(CLI::App& app, Invocation& invocation) {
  struct Options {
    std::string partition, output;
    int64_t part = 0;
    std::string format = "edges";
  };
  static const std::map<std::string, graph::ExportFormat> kFormats = {{"edges", graph::ExportFormat::kEdges},
                                                                      {"metis", graph::ExportFormat::kMetis}};
  CLI::App* command =
      app.add_subcommand("export",
                         "Write one part as a text file for other tools.\n"
                         "Example:\n"
                         "  gigahop export data/rmat17/partition --part 3 --format metis --output 3.graph");
  const auto options = std::make_shared<Options>();
  command->add_option("partition", options->partition, "Partition folder")->type_name("DIR")->required();
  command->add_option("--part", options->part, "Which part")->type_name("NUMBER")->required();
  command
      ->add_option("--format", options->format,
                   "edges: two original ids a line, entries that leave the part too; "
                   "metis: the part's own nodes and the edges among them")
      ->type_name("FORMAT")
      ->check(unspoken(CLI::IsMember(kFormats)));
  command->add_option("--output", options->output, "File to write")->type_name("FILE")->required();
  invocation.add(*command, {}, [=](Context& context) {
    comm::agree(context.comm, [&] {
      if (context.comm.rank() != 0) return;
      require_place_for_output(options->output);
      if (context.dry_run) return;
      const int64_t num_edges =
          graph::export_part(options->partition, options->part, kFormats.at(options->format), options->output);
      fmt::print("{}: {} edges of part {}\n", options->output, with_commas(num_edges), options->part);
    });
  });
}

}  // namespace gigahop::launch
