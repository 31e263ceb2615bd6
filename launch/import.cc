/// `gigahop import` and `gigahop generate`: raw data or a recipe to a dataset folder.
#include "launch/command.h"
#include "launch/stages.h"

namespace gigahop::launch {
namespace {

void add_dataset_command(CLI::App& command, Invocation& invocation, Origin origin,
                         const std::vector<SettingFlag>& flags) {
  const auto output = std::make_shared<std::string>();
  command.add_option("--output", *output, "Dataset folder to make; must not exist")->type_name("DIR")->required();
  invocation.add(command, flags,
                 [=](Context& context) { make_dataset(context, origin, *output, PendingFolder::Existing::kRefuse); });
}

}  // namespace

void add_import(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("import",
                         "Read a graph into a dataset folder: Debian package lists, Open Graph Benchmark folders, edge "
                         "lists, .npz, METIS and MATLAB files.\n"
                         "Examples:\n"
                         "  gigahop import --format DEBIAN --output data/packages/dataset\n"
                         "  gigahop import --format OGB --source ogb/ogbn_arxiv --output data/arxiv/dataset\n"
                         "  gigahop import --format EDGES --source com-dblp.txt.gz --features x.npy --labels y.npy "
                         "--train t.npy --valid v.npy "
                         "--test s.npy --output data/dblp/dataset\n"
                         "  gigahop import --append data/dblp/dataset --format EDGES --source new-edges.txt --features "
                         "new-x.npy --output data/grown/dataset");
  add_dataset_command(*command, invocation, Origin::kImport,
                      {{"--format", "import.format", "DEBIAN, OGB, EDGES, NPZ, METIS or MAT"},
                       {"--source", "import.source",
                        "File or folder to read; several: --set import.source=[a,b]; none: apt-cache dumpavail"},
                       {"--name", "import.name", "Name of the dataset"},
                       {"--directed", "import.directed", "true: the edges' direction means something"},
                       {"--nan", "import.nan", "REFUSE or ZERO: what becomes of NaN in features"},
                       {"--features", "import.features", "EDGES, METIS: .npy or .csv with one row per node"},
                       {"--labels", "import.labels", "EDGES, METIS: .npy or .csv, -1 or NaN = unlabelled"},
                       {"--train", "import.train", "EDGES, METIS: .npy or .csv of node ids"},
                       {"--valid", "import.valid", "EDGES, METIS: .npy or .csv of node ids"},
                       {"--test", "import.test", "EDGES, METIS: .npy or .csv of node ids"},
                       {"--positional", "import.positional",
                        "EDGES, METIS, NPZ, OGB: .npy, float32 [nodes, width], for encode.positional FILE"},
                       {"--names", "import.names", "EDGES, METIS: text, the name of a node on each line"},
                       {"--append", "import.append",
                        "EDGES: dataset folder to add to; rows given here are of the new nodes, whose ids follow"},
                       {"--ogb-split", "import.ogb_split", "OGB: which folder under split/, where there are several"},
                       {"--edges", "import.npz_edges", "NPZ: name of the array of edges"},
                       {"--npz-features", "import.npz_features", "NPZ: name of the array of features"},
                       {"--npz-labels", "import.npz_labels", "NPZ: name of the array of labels"},
                       {"--train-mask", "import.npz_train_mask",
                        "NPZ: name of the training mask, train_masks[0] = its first row or column"},
                       {"--valid-mask", "import.npz_valid_mask", "NPZ: likewise"},
                       {"--test-mask", "import.npz_test_mask", "NPZ: likewise"},
                       {"--mat-labels", "import.mat_labels", "MAT: name of the matrix that classes are made of"},
                       {"--label-quantiles", "import.mat_label_quantiles",
                        "MAT: so many classes of equal size by quantiles; 0: the labels are classes"}});
}

void add_generate(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "generate",
      "Make a graph of any size with features and labels, the same for every number of ranks.\n"
      "Examples:\n"
      "  gigahop generate --kind RMAT --nodes 131072 --edges-per-node 16 --output data/rmat17/dataset\n"
      "  gigahop generate --kind BLOCK_MODEL --nodes 1000000 --edges-per-node 10 --classes 320 --mixing 0.3 --output "
      "data/blocks/dataset\n"
      "  gigahop generate --kind GRID --dimensions 3 --nodes 1000000 --output data/grid/dataset");
  add_dataset_command(
      *command, invocation, Origin::kGenerate,
      {{"--kind", "generate.kind", "PLANTED_PARTITION, RMAT, BLOCK_MODEL, GEOMETRIC or GRID"},
       {"--nodes", "generate.num_nodes", "Number of nodes; RMAT rounds up to a power of two, GRID to a square or cube"},
       {"--edges-per-node", "generate.edges_per_node", "Undirected edges drawn per node"},
       {"--classes", "generate.num_classes", "Number of classes"},
       {"--mixing", "generate.mixing", "PLANTED_PARTITION, BLOCK_MODEL: probability that an edge leaves its community"},
       {"--degree-exponent", "generate.degree_exponent", "BLOCK_MODEL: power law of degrees; 0: all equal"},
       {"--community-exponent", "generate.community_exponent", "BLOCK_MODEL: power law of sizes; 0: all equal"},
       {"--dimensions", "generate.dimensions", "GRID: 2 or 3"},
       {"--feature-width", "generate.feature_width", "Columns of features"},
       {"--feature-dtype", "generate.feature_dtype", "FLOAT32 or FLOAT16"},
       {"--separation", "generate.separation", "How far the classes' means are apart; 0: features say nothing"},
       {"--seed", "seed", "Key of every random number"}});
}

}  // namespace gigahop::launch
