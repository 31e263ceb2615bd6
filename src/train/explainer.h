/// Why a trained model puts one node where it does: its sample with the weights that the model gives it, and the
/// codewords it attends to with the nodes that stand behind them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "model/explanation.h"
#include "proto/config.pb.h"

namespace gigahop::train {

struct SampledNode {
  OriginalId id;
  int64_t count = 0;     // how often it stands in the sample
  int64_t distance = 0;  // 0 the node itself, 1 a neighbour, 2 another
};

struct AttendedCodeword {
  int64_t number = 0;
  double weight = 0;        // of the attention, mean over heads
  int64_t num_members = 0;  // nodes assigned to it
  /// Of the members: those with the most neighbours, and how many are of each class [C]; empty where the shards are not
  /// those of the training, whose assignments the checkpoint holds.
  std::vector<OriginalId> typical;
  std::vector<int64_t> members_of_class;
};

struct NodeExplanation {
  OriginalId node;
  int64_t label = -1;  // -1: unlabelled
  /// Token 3 l + h of `weights` is hop h of sample[l]; sample[0] is the node itself.
  std::vector<SampledNode> sample;
  model::Explanation weights;
  std::vector<AttendedCodeword> codewords;  // the largest weights, descending
};

/// The node must be one of the partition's. `num_codewords` at most are described, with `num_typical` members each.
/// On one process, which opens all shards. Errors: as predict().
NodeExplanation explain_node(const comm::Communicator& comm, const proto::Config& config,
                             const std::filesystem::path& partition_folder, const std::filesystem::path& checkpoint,
                             OriginalId node, size_t num_codewords, size_t num_typical);

}  // namespace gigahop::train
