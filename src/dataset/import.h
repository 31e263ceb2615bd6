/// From raw data to a dataset folder: every importer and generator, with its options.
///
/// Each streams: memory does not grow with the number of edges or the width of features. What grows with the number of
/// nodes is four bits per node (which nodes are labelled, and one for each split), and for Debian the packages.
/// Each writes the whole folder or nothing: a fault of the input is one Error{kData} naming file, place, what was
/// expected and what was found; a setting that cannot be is Error{kConfig}. An existing output folder is left alone and
/// refused, unless `existing` says to replace it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "array/dtype.h"
#include "base/files.h"

namespace gigahop::dataset {

enum class NanPolicy { kRefuse, kZero };  // of features that are NaN or infinite: an error, or taken as 0
enum class Direction { kUndirected, kDirected };

/// What every dataset folder has.
struct Destination {
  std::filesystem::path folder = {};
  std::string name = {};
  std::string provenance = {};  // the command, for the manifest
  PendingFolder::Existing existing = PendingFolder::Existing::kRefuse;
};

struct ImportSummary {
  int64_t num_nodes = 0;
  int64_t num_edges = 0;  // as imported, duplicates and self-loops included
  int32_t feature_width = 0;
  int32_t num_classes = 0;
  int64_t num_unlabelled = 0;
  int64_t num_train = 0;
  int64_t num_valid = 0;
  int64_t num_test = 0;
  int64_t num_dropped_names = 0;  // Debian: dependencies on packages that are not in the lists
  double seconds = 0;
};

/// Files with one entry per node, beside a graph; an empty path: the dataset has none of it.
struct AttributeFiles {
  std::filesystem::path features = {};  // .npy [N, F] or .csv
  std::filesystem::path labels = {};    // .npy [N] or .csv, -1 or nan = unlabelled
  std::filesystem::path train = {};     // .npy ids or mask [N], or .csv ids; all three splits or none
  std::filesystem::path valid = {};
  std::filesystem::path test = {};
  std::filesystem::path positional = {};  // .npy [N, G], float32, all finite
  std::filesystem::path names = {};       // text, one name a line
};

/// Pairs of node ids, one a line, separated by whitespace, commas, semicolons or tabs; further columns are ignored, as
/// are lines that start with # or %, empty lines, and column titles in the first line. Compression as in LineReader.
/// Also .npy: [2, E] or [E, 2]. SNAP and Konect files are such (Konect counts from 1: node 0 is then isolated).
struct EdgesOptions {
  std::filesystem::path edges = {};
  AttributeFiles attributes = {};
  int64_t num_nodes = 0;  // 0: rows of features, labels or positional, without them the largest id + 1
  Direction direction = Direction::kUndirected;
  NanPolicy nan = NanPolicy::kRefuse;
};
ImportSummary import_edges(const EdgesOptions& options, const Destination& destination);

/// A dataset, and nodes and edges added to it, as a new dataset. Nodes of the base keep their ids, new ones follow.
/// What the base has per node must come for the new nodes too, as rows of these alone: features, positional encodings,
/// names; labels may be left out (-1). Edges and splits (ids alone) name nodes of both, and add to those of the base.
/// Arrays are .npy; features have the dtype of the base where that is float16.
struct AppendOptions {
  std::filesystem::path base = {};  // dataset folder; stays as it is
  std::filesystem::path edges = {};
  AttributeFiles attributes = {};
  int64_t num_nodes = 0;  // of both together; 0: one new node for each new row of features, positional or labels
  NanPolicy nan = NanPolicy::kRefuse;
};
ImportSummary append_to_dataset(const AppendOptions& options, const Destination& destination);

/// METIS graph files: a header "n m [fmt [ncon]]", then one line per node with its neighbours counted from 1. Sizes and
/// weights of nodes and edges are skipped. Every edge stands on both lines, and is imported in both directions.
struct MetisOptions {
  std::filesystem::path graph = {};
  AttributeFiles attributes = {};
  NanPolicy nan = NanPolicy::kRefuse;
};
ImportSummary import_metis(const MetisOptions& options, const Destination& destination);

/// A node property prediction folder of the Open Graph Benchmark, either kind:
///   raw/edge.csv.gz node-feat.csv.gz node-label.csv.gz num-node-list.csv.gz num-edge-list.csv.gz
///   raw/data.npz (edge_index [2, E], node_feat [N, F], num_nodes_list, num_edges_list), raw/node-label.npz
///   (node_label)
/// each with split/NAME/{train,valid,test}.csv.gz. A folder of several graphs is refused.
struct OgbOptions {
  std::filesystem::path folder = {};
  std::string split = {};                 // the name under split/; empty: the only one
  std::filesystem::path positional = {};  // as in AttributeFiles
  Direction direction = Direction::kUndirected;
  NanPolicy nan = NanPolicy::kRefuse;
};
ImportSummary import_ogb(const OgbOptions& options, const Destination& destination);

/// One .npz with named arrays. A name may end in "[k]": row k of [R, N] or column k of [N, R]. Masks are bool or one
/// byte; arrays of wider integers are node ids. An empty name: the dataset has none of it. Edges are [E, 2] or [2, E].
struct NpzOptions {
  std::filesystem::path archive = {};
  std::string edges = "edges";
  std::string features = "node_features";
  std::string labels = "node_labels";
  std::string train = "train_masks[0]";
  std::string valid = "val_masks[0]";
  std::string test = "test_masks[0]";
  std::filesystem::path positional = {};  // a file beside the archive, as in AttributeFiles
  Direction direction = Direction::kUndirected;
  NanPolicy nan = NanPolicy::kRefuse;
};
ImportSummary import_npz(const NpzOptions& options, const Destination& destination);

/// One MATLAB file with named matrices, as snap_patents.mat of Lim et al. 2021: edges [2, E], features [N, F] dense or
/// sparse, one number per node to make classes of. Ids count from 0. A matrix is read whole; the format of version 5
/// holds up to 2 GiB of each. An empty name: the dataset has none of it.
struct MatOptions {
  std::filesystem::path file = {};
  std::string edges = "edge_index";
  std::string features = "node_feat";
  std::string labels = "years";
  int64_t label_quantiles = 5;     // classes made of the labels by label_by_quantiles(); 0: they are classes
  AttributeFiles attributes = {};  // what the file has none of: splits, positional encodings
  Direction direction = Direction::kUndirected;
  NanPolicy nan = NanPolicy::kRefuse;
};
ImportSummary import_mat(const MatOptions& options, const Destination& destination);

/// The packages of a Debian or Ubuntu release. Nodes: packages, sorted by name; the first stanza of a name counts.
/// Edges: Depends, Pre-Depends and Recommends, every alternative one; names that are no package are dropped. Labels:
/// the section without a prefix such as "universe/", classes sorted by name. Features: hashed words of description and
/// tags (package_words.h). Split 60/20/20 of the labelled packages, by a hash of the name.
struct DebianOptions {
  std::vector<std::filesystem::path> packages_files =
      {};  // Packages, plain or compressed; empty: `apt-cache dumpavail`
  int32_t feature_width = 128;
};
ImportSummary import_debian(const DebianOptions& options, const Destination& destination);

/// What the generators share. Every number is a function of (seed, node or edge) alone. Features are the mean of the
/// class (per column `separation` in root mean square, in a random direction) plus standard normal noise. Nodes beyond
/// the three shares are unlabelled.
struct GeneratorOptions {
  uint64_t seed = 0;
  int64_t num_nodes = 20000;
  double edges_per_node = 10;  // undirected edges drawn per node
  int32_t num_classes = 10;
  int32_t feature_width = 32;
  array::DType feature_dtype = array::DType::kFloat32;  // or kFloat16
  double separation = 0.1;
  double train_share = 0.5;
  double valid_share = 0.25;
  double test_share = 0.25;
  int64_t chunk = int64_t{1} << 18;  // edges or feature rows (fewer if wide) made at a time; no result depends on it
};

/// Communities are the classes: node v is of class v mod C. An edge starts at a uniform node; with probability `mixing`
/// it ends at a uniform node of the other communities, else at a uniform other node of its own.
struct PlantedPartitionOptions {
  GeneratorOptions common;
  double mixing = 0.2;
};
ImportSummary generate_planted_partition(const PlantedPartitionOptions& options, const Destination& destination);

/// R-MAT (Chakrabarti, Zhan, Faloutsos 2004): each end of an edge is chosen bit by bit, by the quadrant probabilities
/// a, b, c and 1 - a - b - c. num_nodes is rounded up to a power of two; ids are scrambled, so that hubs lie anywhere.
/// The class of a node is the block it has before the scrambling, position * C / N: R-MAT draws edges preferably within
/// blocks (a + d > b + c), so the neighbourhood says more about the class than the features do.
struct RmatOptions {
  GeneratorOptions common;
  double a = 0.57;
  double b = 0.19;
  double c = 0.19;
};
ImportSummary generate_rmat(const RmatOptions& options, const Destination& destination);

/// The degree-corrected stochastic block model (Karrer, Newman 2011). Every node has a weight and a community; ids are
/// in random order. An edge starts at a node drawn by weight; with probability `mixing` it ends at a node of the whole
/// graph drawn by weight, else at one of its own community drawn by weight. Some edges are therefore self-loops or
/// repeat another, which the partition stage drops. Classes are the communities.
///
/// Weights in a community are the quantiles of a power law: a share x^(1 - degree_exponent) of its nodes have x times
/// the least weight or more, up to sqrt(N) times. Sizes of communities follow such a law too, drawn at random, up to 50
/// times the least. An exponent of 0 makes all weights, or all sizes, equal.
struct BlockModelOptions {
  GeneratorOptions common;
  double mixing = 0.2;
  double degree_exponent = 2.5;     // 0 or above 2
  double community_exponent = 2.0;  // 0 or above 1
};
ImportSummary generate_block_model(const BlockModelOptions& options, const Destination& destination);

/// Random geometric graph: points in the unit square, joined where nearer than the radius that makes edges_per_node the
/// mean away from the border. Points lie by squares of about 64 (at least a radius wide), each of which holds its exact
/// share of them at uniform places; ids are in random order. Classes are stripes of equal size. Each edge stands once.
ImportSummary generate_geometric(const GeneratorOptions& options, const Destination& destination);

/// Square (2) or cubic (3 dimensions) lattice: num_nodes is rounded up to a square or cube, every node is joined to the
/// next one along each axis, without wrapping around; ids are in random order. edges_per_node is not used. Classes are
/// slabs of equal size across the first axis. Each edge stands once.
struct GridOptions {
  GeneratorOptions common;
  int dimensions = 2;
};
ImportSummary generate_grid(const GridOptions& options, const Destination& destination);

}  // namespace gigahop::dataset
