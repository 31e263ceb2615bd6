#include "partition/node_attributes.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "array/npy.h"
#include "base/error.h"
#include "comm/agree.h"
#include "comm/exchange.h"
#include "partition/chunks.h"

namespace gigahop::partition {
namespace {

constexpr const char* kSplitFiles[] = {"", "train.npy", "valid.npy", "test.npy"};

const char* file_of(Split split) {
  return kSplitFiles[static_cast<int>(split)];
}

std::string place(const graph::DatasetFolder& dataset, const char* file) {
  return (dataset.path() / file).string();
}

void read_labels(const graph::DatasetFolder& dataset, int64_t first_node, int64_t count, NodeAttributes& attributes) {
  if (!dataset.has_labels()) return;
  std::vector<int64_t>& labels = attributes.labels;
  labels.resize(static_cast<size_t>(count));
  array::NpySliceReader(dataset.path() / "labels.npy").read_integers(first_node, labels);
  const int64_t num_classes = dataset.manifest().num_classes();
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= -1 && labels[i] < num_classes) continue;
    throw data_error(fmt::format("{}: node {}", place(dataset, "labels.npy"), first_node + static_cast<int64_t>(i)),
                     fmt::format("a class from 0 to {}, or -1", num_classes - 1), std::to_string(labels[i]));
  }
}

int64_t size_of(const graph::DatasetFolder& dataset, Split split) {
  const proto::Dataset& manifest = dataset.manifest();
  return split == Split::kTrain   ? manifest.num_train()
         : split == Split::kValid ? manifest.num_valid()
                                  : manifest.num_test();
}

/// Ids [first, first + count) of one split file, sorted by the rank that holds the node.
std::vector<std::vector<int64_t>> read_ids(const graph::DatasetFolder& dataset, const NodeBlocks& blocks, Split split,
                                           int64_t first, int64_t count) {
  std::vector<std::vector<int64_t>> messages(static_cast<size_t>(blocks.num_ranks()));
  if (count == 0) return messages;
  std::vector<int64_t> ids(static_cast<size_t>(count));
  array::NpySliceReader(dataset.path() / file_of(split)).read_integers(first, ids);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= blocks.num_nodes()) {
      throw data_error(fmt::format("{}: element {}", place(dataset, file_of(split)), first + static_cast<int64_t>(i)),
                       fmt::format("a node id from 0 to {}", blocks.num_nodes() - 1), std::to_string(ids[i]));
    }
    messages[blocks.owner(ids[i])].push_back(ids[i]);
  }
  return messages;
}

void mark(const graph::DatasetFolder& dataset, int64_t first_node, Split split, std::span<const int64_t> ids,
          NodeAttributes& attributes) {
  for (const int64_t id : ids) {
    const size_t row = static_cast<size_t>(id - first_node);
    if (attributes.splits[row] != Split::kNone) {
      throw data_error(place(dataset, file_of(split)), "each node once, in one split",
                       fmt::format("node {}, which {} has already", id, file_of(attributes.splits[row])));
    }
    if (!attributes.labels.empty() && attributes.labels[row] < 0) {
      throw data_error(place(dataset, file_of(split)), "nodes with a label", fmt::format("node {} without one", id),
                       "take it out of the split or give it a label");
    }
    attributes.splits[row] = split;
  }
}

/// Every rank reads its share of the split, in rounds.
void read_split(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const NodeBlocks& blocks,
                Split split, int64_t chunk_bytes, NodeAttributes& attributes) {
  const NodeBlocks slices(size_of(dataset, split), comm.size());
  const int64_t last = slices.first(comm.rank() + 1);
  constexpr int64_t kIdBytes = sizeof(int64_t);
  const int64_t share = slices.num_nodes() / comm.size() + 1;
  const int64_t chunk = std::max<int64_t>(1, bounded_chunk(chunk_bytes, kIdBytes * share) / kIdBytes);
  for (int64_t round = 0; round < (share + chunk - 1) / chunk; ++round) {
    const int64_t first = std::min(last, slices.first(comm.rank()) + round * chunk);
    std::vector<std::vector<int64_t>> messages;
    comm::agree(comm, [&] { messages = read_ids(dataset, blocks, split, first, std::min(chunk, last - first)); });
    const auto received = comm::all_to_all(comm, messages);
    comm::agree(comm, [&] { mark(dataset, blocks.first(comm.rank()), split, received.values, attributes); });
  }
}

}  // namespace

NodeAttributes read_node_attributes(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                                    const NodeBlocks& blocks, int64_t chunk_bytes) {
  NodeAttributes attributes;
  comm::agree(comm, [&] {
    attributes.splits.resize(static_cast<size_t>(blocks.size(comm.rank())), Split::kNone);
    if (dataset.has_labels() && dataset.manifest().num_train() == 0) {
      throw data_error(place(dataset, "train.npy"), "at least one node to train on", "an empty split");
    }
    read_labels(dataset, blocks.first(comm.rank()), blocks.size(comm.rank()), attributes);
  });
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    read_split(comm, dataset, blocks, split, chunk_bytes, attributes);
  }
  return attributes;
}

}  // namespace gigahop::partition
