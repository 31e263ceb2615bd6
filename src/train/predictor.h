/// Prediction: from a checkpoint and encoded shards to classes, and logits on request, of any set of nodes.
///
///   OUT/predictions.npy    [n] int64 class
///   OUT/nodes.npy          [n] int64 original ids, unless all nodes are predicted
/// and on request, float32:
///   OUT/logits.npy         [n, C]
///   OUT/probabilities.npy  [n] of the predicted class
///   OUT/embeddings.npy     [n, H] what the last layer reads
///
/// Row i belongs to node i where all are predicted, to element i of predict.nodes_file where one is given, and
/// otherwise to the i-th of the split by ascending original id. The partition may be another one than the training's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "comm/communicator.h"
#include "proto/config.pb.h"
#include "train/trainer.h"

namespace gigahop::train {

inline constexpr char kPredictionsFile[] = "predictions.npy";
inline constexpr char kNodesFile[] = "nodes.npy";
inline constexpr char kLogitsFile[] = "logits.npy";
inline constexpr char kProbabilitiesFile[] = "probabilities.npy";
inline constexpr char kEmbeddingsFile[] = "embeddings.npy";
/// Made from the others by whoever knows the names of nodes; one of an earlier call goes with its predictions.
inline constexpr char kPredictionsTable[] = "predictions.csv";

struct PredictResult {
  int64_t num_nodes = 0;
  int64_t num_labelled = 0;  // of them
  double accuracy = 0;       // over the labelled ones; NaN without
  bool is_stopped = false;   // told to, before its end: nothing was written
};

struct PredictOptions {
  Output output = Output::kShown;
  /// Asked on every rank before the first batch and between batches; true on any rank breaks it off.
  std::function<bool()> is_stop_wanted = nullptr;
};

/// `checkpoint`: a checkpoint's folder, or a run folder, whose best is taken. Model and sampler are the checkpoint's;
/// config gives predict.*, train.evaluation_batch_size, sampler.batches_ahead, sampler.device_rows_bytes, device and
/// threads. Files appear under their names when complete and replace those of an earlier call; each rank writes its own
/// rows.
///
/// Errors  Error{kData} for a damaged checkpoint or one of another graph that these shards did not grow out of, and
///         ids in nodes_file that are no nodes
/// Collective.
PredictResult predict(const comm::Communicator& comm, const proto::Config& config,
                      const std::filesystem::path& partition_folder, const std::vector<int32_t>& rank_of_part,
                      const std::filesystem::path& checkpoint, const std::filesystem::path& output_folder,
                      const PredictOptions& options = {});

}  // namespace gigahop::train
