/// `gigahop train`: encoded shards to a run folder.
#include "launch/command.h"
#include "launch/stages.h"

namespace gigahop::launch {

void add_train(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "train",
      "Train on encoded shards; writes checkpoints, metrics.jsonl and TensorBoard events into the run folder.\n"
      "Examples:\n"
      "  mpirun -n 2 gigahop train data/rmat17/partition --run runs/first --epochs 5\n"
      "  mpirun -n 3 gigahop train data/rmat17/partition --run runs/first --resume");
  const auto partition = std::make_shared<std::string>();
  const auto run = std::make_shared<std::string>();
  const auto init_from = std::make_shared<std::string>();
  const auto trace = std::make_shared<std::string>();
  const auto resume = std::make_shared<bool>(false);
  command->add_option("partition", *partition, "Partition folder, encoded")->type_name("DIR")->required();
  command->add_option("--run", *run, "Run folder; made if it does not exist")->type_name("DIR")->required();
  CLI::Option* resumes =
      command->add_flag("--resume", *resume, "Go on from the newest whole checkpoint of the run folder");
  command->add_option("--init-from", *init_from, "model.safetensors to start from, names as in src/model/README.md")
      ->type_name("FILE")
      ->check(unspoken(CLI::ExistingFile))
      ->excludes(resumes);
  command->add_option("--trace", *trace, "Timeline of all ranks, for ui.perfetto.dev")->type_name("FILE");
  invocation.add(*command,
                 {{"--epochs", "train.epochs", "Passes over the training nodes"},
                  {"--batch-size", "train.batch_size", "Seeds per step over all ranks"},
                  {"--attention", "model.attention", "FULL, LOCAL, GLOBAL or NONE"},
                  {"--seed", "seed", "Key of every random number"}},
                 [=](Context& context) {
                   train_model(context, *partition, *run,
                               {.resume = *resume, .init_from = *init_from, .trace = *trace});
                 },
                 {.goes_on = true, .folder_of_run = [=](const proto::Config&) { return *run; }});
}

}  // namespace gigahop::launch
