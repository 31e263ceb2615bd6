/// Checkpoints read back: the newest that is whole, every byte of it checked before anything is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "array/safetensors.h"
#include "comm/communicator.h"
#include "proto/checkpoint.pb.h"
#include "proto/partition.pb.h"

namespace gigahop::train {

/// One checkpoint, opened.
class CheckpointReader {
 public:
  /// Error{kData} unless DONE, the manifest's checksum and format version, and (kAll) the size and checksum of every
  /// listed file are right.
  enum class Check { kManifest, kAll };
  explicit CheckpointReader(std::filesystem::path folder, Check check = Check::kAll);

  const std::filesystem::path& path() const { return folder_; }
  const proto::Checkpoint& manifest() const { return manifest_; }
  array::SafetensorsFile model() const;
  array::SafetensorsFile optimizer() const;
  /// Error{kData} unless there are num_owned codes, all < num_codewords. Checksum verified.
  std::vector<uint16_t> codes(int part, int64_t num_owned, int64_t num_codewords) const;

 private:
  std::filesystem::path folder_;
  proto::Checkpoint manifest_;
};

/// What is damaged in the folder of a checkpoint, as one line; nothing if it is whole. A checkpoint of another format
/// version counts as whole: opening it says which version it has.
std::optional<std::string> find_damage(const std::filesystem::path& folder);

/// The newest checkpoint of the run that is whole; damaged ones are passed over with a warning. Nothing if the run has
/// no checkpoint; Error{kData} if all are damaged. Collective: rank 0 reads, all ranks get the same answer.
std::optional<std::filesystem::path> newest_checkpoint(const comm::Communicator& comm,
                                                       const std::filesystem::path& run_folder);

/// `path` itself if it is a checkpoint's folder; of a run folder the best, or else the newest whole one. Error{kData}
/// if there is none. Collective as above.
std::filesystem::path resolve_checkpoint(const comm::Communicator& comm, const std::filesystem::path& path);

/// Error{kData} that lists everything in which the graph differs from the one the checkpoint was trained on.
void require_same_graph(const CheckpointReader& checkpoint, const proto::Partition& partition);
/// For prediction: the shards may also be of a graph that grew out of that one, as long as the model can read its
/// nodes.
void require_same_or_grown_graph(const CheckpointReader& checkpoint, const proto::Partition& partition);
/// Error{kData} if the shards are not encoded as those that the checkpoint was trained on. See encoding_fingerprint().
void require_same_encoding(const CheckpointReader& checkpoint, uint64_t encoding_fingerprint);
/// The same for the partition: which node is in which part. Only resuming needs it.
void require_same_partition(const CheckpointReader& checkpoint, const proto::Partition& partition);
/// Error{kData} that lists every setting in which the model differs; of settings that shape it alone.
void require_same_model(const CheckpointReader& checkpoint, const proto::ModelConfig& model);

}  // namespace gigahop::train
