#include "train/checkpoint_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "array/manifest.h"
#include "array/npy.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "train/checkpoint_folder.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kDamageHint = "the checkpoint is damaged, use another one";

/// Checked against DONE.
proto::Checkpoint read_manifest(const fs::path& folder) {
  const std::string text = read_text_file(folder / kCheckpointManifest);
  const std::string done = read_text_file(folder / kDoneFile);
  if (!vouches_for(done, text)) {
    throw data_error((folder / kDoneFile).string(), "the checksum of " + std::string(kCheckpointManifest),
                     "another one", kDamageHint);
  }
  proto::Checkpoint manifest;
  array::parse_text_proto(text, (folder / kCheckpointManifest).string(), manifest);
  return manifest;
}

void require_listed(const fs::path& folder, const proto::Checkpoint& manifest, std::string_view file) {
  if (array::find_record(manifest.arrays(), file) != nullptr) return;
  throw data_error((folder / file).string(), "to be listed in " + std::string(kCheckpointManifest), "no record of it");
}

void verify_files(const fs::path& folder, const proto::Checkpoint& manifest) {
  require_listed(folder, manifest, kModelFile);
  require_listed(folder, manifest, kOptimizerFile);
  array::verify_records(folder, manifest.arrays(), array::Verify::kChecksum);
}

/// One error for all differences.
class Differences {
 public:
  template <class T>
  void compare(std::string_view what, const T& expected, const T& found) {
    if (expected == found) return;
    expected_ += fmt::format("{}{} {}", expected_.empty() ? "" : ", ", what, expected);
    found_ += fmt::format("{}{}", found_.empty() ? "" : ", ", found);
  }
  void throw_any(const fs::path& place, std::string_view hint) const {
    if (!expected_.empty()) throw data_error(place.string(), expected_, found_, hint);
  }

 private:
  std::string expected_;
  std::string found_;
};

fs::path broadcast_path(const comm::Communicator& comm, const std::optional<fs::path>& path) {
  return comm::broadcast_text(comm, path.has_value() ? path->string() : "", 0);
}

std::optional<fs::path> newest_whole(const fs::path& run_folder) {
  const fs::path checkpoints = run_folder / kCheckpointsFolder;
  std::vector<int64_t> steps = list_checkpoints(checkpoints, Completeness::kComplete);
  std::string last_damage;
  for (; !steps.empty(); steps.pop_back()) {
    const fs::path folder = checkpoints / checkpoint_name(steps.back());
    const std::optional<std::string> damage = find_damage(folder);
    if (!damage.has_value()) return folder;
    log_warning("{} is passed over: {}", checkpoint_name(steps.back()), *damage);
    last_damage = *damage;
  }
  if (last_damage.empty()) return std::nullopt;
  throw data_error(checkpoints.string(), "a checkpoint that is whole", "damaged ones alone", last_damage);
}

}  // namespace

CheckpointReader::CheckpointReader(fs::path folder, Check check) : folder_(std::move(folder)) {
  manifest_ = read_manifest(folder_);
  if (manifest_.format_version() != kCheckpointFormatVersion) {
    throw data_error(
        (folder_ / kCheckpointManifest).string(), fmt::format("format version {}", kCheckpointFormatVersion),
        fmt::format("{}", manifest_.format_version()), "it was written by gigahop " + manifest_.gigahop_version());
  }
  if (check == Check::kAll) verify_files(folder_, manifest_);
}

array::SafetensorsFile CheckpointReader::model() const {
  return array::SafetensorsFile(folder_ / kModelFile);
}

array::SafetensorsFile CheckpointReader::optimizer() const {
  return array::SafetensorsFile(folder_ / kOptimizerFile);
}

std::vector<uint16_t> CheckpointReader::codes(int part, int64_t num_owned, int64_t num_codewords) const {
  const array::NpyArray array =
      array::open_array(folder_, manifest_.arrays(), assignments_file(part), array::Verify::kChecksum);
  array.expect_shape(std::vector<int64_t>{num_owned});
  const std::span<const uint16_t> values = array.values<uint16_t>();
  const auto wrong = std::find_if(values.begin(), values.end(), [&](uint16_t code) { return code >= num_codewords; });
  if (wrong != values.end()) {
    throw data_error(fmt::format("{}[{}]", array.path().string(), wrong - values.begin()),
                     fmt::format("a code below {}", num_codewords), fmt::format("{}", *wrong));
  }
  return {values.begin(), values.end()};
}

std::optional<std::string> find_damage(const fs::path& folder) {
  try {
    const proto::Checkpoint manifest = read_manifest(folder);
    if (manifest.format_version() == kCheckpointFormatVersion) verify_files(folder, manifest);
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

std::optional<fs::path> newest_checkpoint(const comm::Communicator& comm, const fs::path& run_folder) {
  std::optional<fs::path> newest;
  comm::agree(comm, [&] {
    if (comm.rank() == 0) newest = newest_whole(run_folder);
  });
  const fs::path agreed = broadcast_path(comm, newest);
  return agreed.empty() ? std::nullopt : std::optional(agreed);
}

fs::path resolve_checkpoint(const comm::Communicator& comm, const fs::path& path) {
  fs::path found;
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    if (fs::exists(path / kDoneFile)) {
      found = path;
    } else if (const auto best = best_checkpoint(path); best.has_value() && !find_damage(*best).has_value()) {
      found = *best;
    } else if (const auto newest = newest_whole(path); newest.has_value()) {
      found = *newest;
    } else {
      throw data_error(path.string(), "a checkpoint, or a run folder with one", "neither",
                       "name a folder such as RUN/checkpoints/" + checkpoint_name(1200));
    }
  });
  return broadcast_path(comm, found);
}

void require_same_graph(const CheckpointReader& checkpoint, const proto::Partition& partition) {
  const proto::Checkpoint& manifest = checkpoint.manifest();
  Differences differences;
  differences.compare("nodes", manifest.num_nodes(), partition.num_nodes());
  differences.compare("feature width", manifest.feature_width(), partition.feature_width());
  differences.compare("classes", manifest.num_classes(), partition.num_classes());
  differences.compare("graph", fmt::format("{:016x}", manifest.graph_fingerprint()),
                      fmt::format("{:016x}", partition.graph_fingerprint()));
  if (manifest.has_directed()) differences.compare("directed", manifest.directed(), partition.directed());
  if (manifest.has_num_edges()) differences.compare("adjacency entries", manifest.num_edges(), partition.num_edges());
  differences.throw_any(checkpoint.path(), "the checkpoint belongs to another graph than these shards");
}

void require_same_or_grown_graph(const CheckpointReader& checkpoint, const proto::Partition& partition) {
  const proto::Checkpoint& manifest = checkpoint.manifest();
  if (std::ranges::find(partition.grown_from(), manifest.graph_fingerprint()) == partition.grown_from().end()) {
    return require_same_graph(checkpoint, partition);
  }
  Differences differences;
  differences.compare("feature width", manifest.feature_width(), partition.feature_width());
  differences.compare("classes", manifest.num_classes(), partition.num_classes());
  if (manifest.has_directed()) differences.compare("directed", manifest.directed(), partition.directed());
  differences.throw_any(checkpoint.path(), "the graph has grown beyond what the model can read; train anew");
  log_info("the model was trained on {} nodes of these {}", with_commas(manifest.num_nodes()),
           with_commas(partition.num_nodes()));
}

void require_same_encoding(const CheckpointReader& checkpoint, uint64_t encoding_fingerprint) {
  const proto::Checkpoint& manifest = checkpoint.manifest();
  if (!manifest.has_encoding_fingerprint()) return;
  Differences differences;
  differences.compare("encoding", fmt::format("{:016x}", manifest.encoding_fingerprint()),
                      fmt::format("{:016x}", encoding_fingerprint));
  differences.throw_any(checkpoint.path(), "run gigahop encode with the settings of the checkpoint, or train anew");
}

void require_same_partition(const CheckpointReader& checkpoint, const proto::Partition& partition) {
  const proto::Checkpoint& manifest = checkpoint.manifest();
  Differences differences;
  differences.compare("parts", manifest.num_parts(), partition.num_parts());
  differences.compare("partition", fmt::format("{:016x}", manifest.partition_fingerprint()),
                      fmt::format("{:016x}", array::fingerprint(partition.arrays())));
  differences.throw_any(checkpoint.path(),
                        "the graph was partitioned again since; start from the weights with --init-from instead");
}

void require_same_model(const CheckpointReader& checkpoint, const proto::ModelConfig& model) {
  const proto::ModelConfig& saved = checkpoint.manifest().config().model();
  Differences differences;
  differences.compare("model.attention", proto::ModelConfig::Attention_Name(saved.attention()),
                      proto::ModelConfig::Attention_Name(model.attention()));
  differences.compare("model.hidden_width", saved.hidden_width(), model.hidden_width());
  differences.compare("model.num_heads", saved.num_heads(), model.num_heads());
  differences.compare("model.num_codewords", saved.num_codewords(), model.num_codewords());
  differences.throw_any(checkpoint.path(), "the checkpoint holds a model of another shape");
}

}  // namespace gigahop::train
