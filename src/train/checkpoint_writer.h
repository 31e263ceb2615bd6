/// Checkpoints written in the background: a snapshot in memory at a step boundary, bytes to disk beside the next steps.
///
///   start     all ranks hand over their share of the snapshot; a thread of each writes it into step-.../
///   finish    all ranks wait for their thread and tell rank 0 how it went; rank 0 publishes the folder (manifest, then
///             DONE) or removes it with a warning, names the best, and removes checkpoints that are no longer kept
///
/// The checkpoint that a run resumed from may be started again, with the same arrays, when more is known at that step:
/// then its manifest alone is replaced.
///
/// A write that fails anywhere (disk full, read-only) costs this checkpoint, never the training or an earlier one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "comm/collectives.h"
#include "comm/communicator.h"
#include "proto/checkpoint.pb.h"

namespace gigahop::train {

struct SavedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

struct PartCodes {
  int part = 0;
  std::vector<uint16_t> codes;  // [owned nodes of the part]
};

/// One rank's share of a checkpoint.
struct Snapshot {
  proto::Checkpoint manifest;          // without arrays; the same on all ranks
  std::vector<SavedTensor> model;      // rank 0 alone
  std::vector<SavedTensor> optimizer;  // rank 0 alone
  std::vector<PartCodes> codes;        // of this rank's parts; empty without a codebook
};

class CheckpointWriter {
 public:
  /// Removes what earlier runs left under RUN/checkpoints that no reader will look at: folders without DONE, and those
  /// beyond `last_step`, which this run will write again (-1: a new run). Error{kData} if a new run finds checkpoints.
  /// Collective.
  CheckpointWriter(const comm::Communicator& comm, std::filesystem::path run_folder, int keep_last, int64_t last_step);

  /// Collective; first finishes what is still under way. A snapshot of `last_step` may be without arrays.
  void start(Snapshot snapshot);
  /// A checkpoint has been started and not yet finished: the same on all ranks.
  bool is_pending() const { return pending_.has_value(); }
  /// This rank's share of the pending checkpoint is on disk, or failed: finish() will not wait for this rank.
  bool is_written() const;
  /// Collective. Whether the pending checkpoint is published, the same on all ranks; true without one.
  bool finish();
  /// Removes whole checkpoints but for the last `keep_last` and the best, as each finish() does. On rank 0 alone.
  void remove_superseded(int64_t best_step) const;

 private:
  struct Pending {
    proto::Checkpoint manifest;
    std::future<proto::CheckpointShare> share;
  };
  /// On rank 0, from what the ranks tell. False, and nothing is left, where it fails.
  bool publish_shares(const comm::Gathered& shares, proto::Checkpoint manifest) const;
  bool publish(const std::filesystem::path& folder, const proto::Checkpoint& manifest) const;
  void give_up(const proto::Checkpoint& manifest, std::string_view reason) const;

  const comm::Communicator* comm_;
  std::filesystem::path run_folder_;
  int keep_last_;
  int64_t last_step_;
  std::optional<Pending> pending_;
};

}  // namespace gigahop::train
