/// `gigahop predict`: a checkpoint and shards to classes or logits, in original node order.
#include "launch/command.h"
#include "launch/stages.h"

namespace gigahop::launch {

void add_predict(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "predict",
      "Predict the classes of nodes; writes predictions.npy, on request logits.npy, in original node order.\n"
      "Example:\n"
      "  mpirun -n 2 gigahop predict data/rmat17/partition --checkpoint runs/first --nodes TEST --dataset "
      "data/rmat17/dataset "
      "--format csv --output out");
  const auto partition = std::make_shared<std::string>();
  const auto checkpoint = std::make_shared<std::string>();
  const auto dataset = std::make_shared<std::string>();
  const auto output = std::make_shared<std::string>();
  command->add_option("partition", *partition, "Partition folder, encoded")->type_name("DIR")->required();
  command->add_option("--checkpoint", *checkpoint, "Checkpoint folder, or a run folder: its best checkpoint")
      ->type_name("DIR")
      ->required();
  command->add_option("--dataset", *dataset, "Dataset folder: names and true classes for --format csv and --misfiled")
      ->type_name("DIR");
  command->add_option("--output", *output, "Folder for predictions.npy; files of an earlier call are replaced")
      ->type_name("DIR")
      ->required();
  invocation.add(
      *command,
      {{"--nodes", "predict.nodes", "ALL, TRAIN, VALID or TEST"},
       {"--nodes-file", "predict.nodes_file", "int64 .npy of original ids, instead of --nodes"},
       {"--logits", "predict.logits", "true: write logits.npy too"},
       {"--embeddings", "predict.embeddings", "true: write embeddings.npy too, the rows before the last layer"},
       {"--format", "predict.format", "CSV: write predictions.csv too, with names and probabilities"},
       {"--misfiled", "predict.misfiled", "Print so many nodes whose class the model doubts most"}},
      [=](Context& context) { predict_nodes(context, *partition, *checkpoint, *output, *dataset); }, {.goes_on = true});
}

}  // namespace gigahop::launch
