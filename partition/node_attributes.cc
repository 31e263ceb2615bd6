#include "partition/node_attributes.h"

#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/agree.h"
#include "comm/exchange.h"

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
  const auto labels = dataset.labels().subspan(static_cast<size_t>(first_node), static_cast<size_t>(count));
  const int64_t num_classes = dataset.manifest().num_classes();
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= -1 && labels[i] < num_classes) continue;
    throw data_error(fmt::format("{}: node {}", place(dataset, "labels.npy"), first_node + static_cast<int64_t>(i)),
                     fmt::format("a class from 0 to {}, or -1", num_classes - 1), std::to_string(labels[i]));
  }
  attributes.labels.assign(labels.begin(), labels.end());
}

/// This rank's slice of one split file, sorted by the rank that holds the node.
std::vector<std::vector<int64_t>> read_slice(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                                             const NodeBlocks& blocks, Split split, std::span<const OriginalId> ids) {
  const NodeBlocks slices(static_cast<int64_t>(ids.size()), comm.size());
  const int64_t first = slices.first(comm.rank());
  std::vector<std::vector<int64_t>> messages(static_cast<size_t>(comm.size()));
  for (int64_t i = first; i < first + slices.size(comm.rank()); ++i) {
    const int64_t id = ids[static_cast<size_t>(i)].value;
    if (id < 0 || id >= blocks.num_nodes()) {
      throw data_error(fmt::format("{}: element {}", place(dataset, file_of(split)), i),
                       fmt::format("a node id from 0 to {}", blocks.num_nodes() - 1), std::to_string(id));
    }
    messages[blocks.owner(id)].push_back(id);
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

}  // namespace

NodeAttributes read_node_attributes(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                                    const NodeBlocks& blocks) {
  const int64_t first_node = blocks.first(comm.rank());
  NodeAttributes attributes;
  attributes.splits.resize(static_cast<size_t>(blocks.size(comm.rank())), Split::kNone);
  comm::agree(comm, [&] {
    if (dataset.has_labels() && dataset.train().empty()) {
      throw data_error(place(dataset, "train.npy"), "at least one node to train on", "an empty split");
    }
    read_labels(dataset, first_node, blocks.size(comm.rank()), attributes);
  });
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    const auto ids = split == Split::kTrain   ? dataset.train()
                     : split == Split::kValid ? dataset.valid()
                                              : dataset.test();
    std::vector<std::vector<int64_t>> messages;
    comm::agree(comm, [&] { messages = read_slice(comm, dataset, blocks, split, ids); });
    const auto received = comm::all_to_all(comm, messages);
    comm::agree(comm, [&] { mark(dataset, first_node, split, received.values, attributes); });
  }
  return attributes;
}

}  // namespace gigahop::partition
