/// Small named graphs, and a plain serial writer of partition folders: what tests of graph, partition, encode, sampler
/// and train compare with or read.
///
/// The writer shares no code with partition/: it works on sets in memory and is as slow and as obvious as it can be.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "proto/partition.pb.h"

namespace gigahop::tests {

/// Each undirected edge once, in either direction; for directed use, source to target. Original ids.
struct EdgeList {
  int64_t num_nodes = 0;
  std::vector<std::pair<int64_t, int64_t>> edges;
};

EdgeList path(int64_t num_nodes);
/// Node 0 is the hub.
EdgeList star(int64_t num_nodes);
EdgeList cycle(int64_t num_nodes);
EdgeList complete(int64_t num_nodes);
/// 0 1 2 and 3 4 5 are triangles; 6 has no neighbour.
EdgeList two_triangles_and_isolated();
/// Hubs at low ids, some isolated nodes; duplicates and self-loops as drawn.
EdgeList power_law(int64_t num_nodes, double edges_per_node, uint64_t seed);

enum class Direction { kSymmetrised, kDirected };
/// kYes: tokens.npy (x, Âx, Â²x in double, rounded once) and positional.npy (`positional`) too, as after `gigahop
/// encode`.
enum class Encoded { kNo, kYes };

struct PartitionInput {
  EdgeList graph;
  int num_parts = 1;
  std::vector<int32_t> part_of_node;  // [N]
  int64_t feature_width = 0;          // F
  std::vector<float> features;        // [N, F]
  int64_t num_classes = 0;            // C
  std::vector<int64_t> labels;        // [N], -1 = unlabelled; empty without classes
  std::vector<int64_t> train;         // original ids, any order
  std::vector<int64_t> valid;
  std::vector<int64_t> test;
  int64_t positional_width = 0;   // G of positional_input.npy and of positional.npy
  std::vector<float> positional;  // [N, G]; written as positional_input.npy, and after encode as positional.npy
  Direction direction = Direction::kSymmetrised;
  Encoded encoded = Encoded::kNo;
};

/// Random features and encodings, labels v mod C, a quarter of the nodes each in valid and test, the rest in train,
/// parts by hash. All a function of the seed. F = 3, C = 3, G = 2 unless changed afterwards.
PartitionInput tiny_input(EdgeList graph, int num_parts, uint64_t seed);

/// Neighbours of every node, ascending, without self-loops and duplicates; row = source.
std::vector<std::vector<int64_t>> adjacency(const EdgeList& graph, Direction direction);

/// Â = D^-1/2 (A + I) D^-1/2 with D of the rows of A + I, dense: [N, N] in double.
std::vector<double> dense_normalised_adjacency(const EdgeList& graph, Direction direction);

/// Writes a valid partition folder; an existing one is replaced. Returns its manifest.
proto::Partition write_partition_folder(const std::filesystem::path& folder, const PartitionInput& input);

}  // namespace gigahop::tests
