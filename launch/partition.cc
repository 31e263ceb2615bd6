/// `gigahop partition` and `gigahop encode`: a dataset folder to shards, and what is computed once per shard.
#include "launch/command.h"
#include "launch/stages.h"

namespace gigahop::launch {

void add_partition(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "partition",
      "Cut a dataset into parts: symmetrise, METIS k-way (or by hash), renumber, write one shard per part.\n"
      "Example:\n"
      "  mpirun -n 4 gigahop partition data/rmat17/dataset --output data/rmat17/partition --parts 8");
  const auto dataset = std::make_shared<std::string>();
  const auto output = std::make_shared<std::string>();
  command->add_option("dataset", *dataset, "Dataset folder")->type_name("DIR")->required();
  command->add_option("--output", *output, "Partition folder to make; must not exist")->type_name("DIR")->required();
  invocation.add(*command,
                 {{"--parts", "partition.num_parts", "Number of parts, fixed for all runs on these shards"},
                  {"--method", "partition.method", "METIS or HASH"},
                  {"--seed", "seed", "Key of every random number"}},
                 [dataset, output](Context& context) {
                   make_partition(context, *dataset, *output, PendingFolder::Existing::kRefuse);
                 });
}

void add_encode(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("encode",
                         "Compute hop features and positional encodings beside each shard.\n"
                         "Example:\n"
                         "  mpirun -n 4 gigahop encode data/rmat17/partition --positional FASTRP --width 64");
  const auto partition = std::make_shared<std::string>();
  command->add_option("partition", *partition, "Partition folder")->type_name("DIR")->required();
  invocation.add(*command,
                 {{"--positional", "encode.positional", "FASTRP, FILE (the dataset's positional.npy) or NONE"},
                  {"--width", "encode.positional_width", "Width of the positional encodings"},
                  {"--token-dtype", "encode.token_dtype", "FLOAT32, FLOAT16 or BFLOAT16"}},
                 [partition](Context& context) { encode_partition(context, *partition); });
}

}  // namespace gigahop::launch
