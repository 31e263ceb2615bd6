/// `gigahop partition` and `gigahop encode`: a dataset folder to shards, and what is computed once per shard.
#include "launch/command.h"
#include "launch/stages.h"

namespace gigahop::launch {

void add_partition(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "partition",
      "Cut a dataset into parts: symmetrise, find parts with few edges between them, renumber, write one shard per "
      "part.\n"
      "Examples:\n"
      "  mpirun -n 4 gigahop partition data/rmat17/dataset --output data/rmat17/partition --parts 8\n"
      "  mpirun -n 4 gigahop partition data/grown/dataset --output data/grown/partition --refine data/old/partition");
  const auto dataset = std::make_shared<std::string>();
  const auto output = std::make_shared<std::string>();
  const auto refine = std::make_shared<std::string>();
  command->add_option("dataset", *dataset, "Dataset folder")->type_name("DIR")->required();
  command->add_option("--output", *output, "Partition folder to make; must not exist")->type_name("DIR")->required();
  command
      ->add_option(
          "--refine", *refine,
          "Start from the parts of this partition folder, of the same nodes or of the first of them, and improve "
          "them")
      ->type_name("DIR");
  invocation.add(*command,
                 {{"--parts", "partition.num_parts", "Number of parts, fixed for all runs on these shards"},
                  {"--method", "partition.method", "AUTO, MULTILEVEL, METIS, HASH or GIVEN"},
                  {"--part-of-node", "partition.part_of_node", "GIVEN: .npy with the part of each node"},
                  {"--imbalance", "partition.imbalance", "Allowed excess of the heaviest part in each constraint"},
                  {"--seed", "seed", "Key of every random number"}},
                 [dataset, output, refine](Context& context) {
                   make_partition(context, *dataset, *output, PendingFolder::Existing::kRefuse, *refine);
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
