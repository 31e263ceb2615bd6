/// `gigahop explain`: why a trained model puts one node where it does.
#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "graph/dataset_folder.h"
#include "launch/command.h"
#include "launch/explanation_view.h"
#include "launch/stages.h"

namespace gigahop::launch {
namespace {

struct ExplainOptions {
  std::string partition, checkpoint, dataset, node, page;
  bool is_json = false;
  size_t top = 10;
};

void explain(Context& context, const ExplainOptions& options) {
  if (context.comm.size() > 1) {
    throw config_error("explain", "one process", fmt::format("{} ranks", context.comm.size()),
                       "start it without mpirun");
  }
  constexpr size_t kCodewords = 5;
  const graph::DatasetFolder dataset = open_dataset_of(options.partition, options.dataset);
  const graph::NodeNames names(dataset);
  const OriginalId node = graph::find_node(names, dataset.manifest().num_nodes(), options.node, "--node");
  if (context.dry_run) {
    fmt::print("explain {}: opens all shards in one process\n", names.name_or_id(node));
    return;
  }
  const train::NodeExplanation explained = train::explain_node(context.comm, context.config, options.partition,
                                                               options.checkpoint, node, kCodewords, options.top);
  const ExplanationView view = view_of(explained, dataset.manifest(), names, options.top);
  fmt::print("{}", options.is_json ? to_json(view) : to_text(view));
  if (!options.page.empty()) write_text_file(options.page, to_page(view));
}

}  // namespace

void add_explain(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "explain",
      "Why a trained model puts a node where it does: the tokens and codewords it attends to, by name.\n"
      "Example:\n"
      "  gigahop explain data/debian_packages/partition --dataset data/debian_packages/dataset\n"
      "    --checkpoint data/debian_packages/run --node gzip --html gzip.html");
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("partition", options->partition, "Partition folder, encoded")->type_name("DIR")->required();
  command->add_option("--checkpoint", options->checkpoint, "Checkpoint folder, or a run folder: its best checkpoint")
      ->type_name("DIR")
      ->required();
  command->add_option("--dataset", options->dataset, "Dataset folder: names of nodes and classes")
      ->type_name("DIR")
      ->required();
  command->add_option("--node", options->node, "Name or id of the node")->type_name("NAME|ID")->required();
  command->add_option("--top", options->top, "So many tokens, classes and typical members, 1 to 1000")
      ->type_name("COUNT")
      ->check(unspoken(CLI::Range(1, 1000)));
  command->add_flag("--json", options->is_json, "JSON instead of text");
  command->add_option("--html", options->page, "Also a page with a picture of the sample around the node")
      ->type_name("FILE");
  invocation.add(*command, {}, [=](Context& context) { explain(context, *options); });
}

}  // namespace gigahop::launch
