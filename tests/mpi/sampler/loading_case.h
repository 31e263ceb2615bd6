/// A partition folder written by rank 0 and loaded by all ranks, in a few words.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "array/dtype.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/loader.h"
#include "support/tiny_graphs.h"

namespace gigahop::sampler {

/// Collective. Rank 0 writes, all see it on return. The name is that of the folder below testing::TempDir().
std::filesystem::path write_shards(const comm::Communicator& comm, const std::string& name,
                                   const tests::PartitionInput& input);
/// The same with encodings, and tokens stored as `dtype`.
std::filesystem::path write_encoded_shards(const comm::Communicator& comm, const std::string& name,
                                           const tests::EdgeList& edges, int num_parts,
                                           array::DType dtype = array::DType::kFloat32);

graph::LocalGraph open_graph(const comm::Communicator& comm, const std::filesystem::path& folder);

std::vector<LocalId> all_rows(const graph::LocalGraph& graph);

}  // namespace gigahop::sampler
