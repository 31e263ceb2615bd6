#include "train/checkpoint_writer.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "array/manifest.h"
#include "array/npy.h"
#include "array/safetensors.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/trace.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "train/checkpoint_folder.h"
#include "train/checkpoint_reader.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

void write_tensors(const fs::path& folder, std::string_view file, const std::vector<SavedTensor>& tensors,
                   array::ArrayRecords& records) {
  std::vector<array::TensorToWrite> views;
  for (const SavedTensor& tensor : tensors) {
    views.push_back({tensor.name, array::DType::kFloat32, tensor.shape, std::as_bytes(std::span(tensor.values))});
  }
  array::write_safetensors(folder / file, views, {{"format", "pt"}});
  array::add_plain_record(records, folder, file);
}

void write_codes(const fs::path& folder, const PartCodes& part, array::ArrayRecords& records) {
  const std::string file = assignments_file(part.part);
  array::ArrayFile written =
      array::write_npy<uint16_t>(folder / file, part.codes, {static_cast<int64_t>(part.codes.size())});
  written.file = file;
  array::add_record(records, written);
}

/// Never throws: what goes wrong is in the share.
proto::CheckpointShare write_share(const fs::path& folder, const Snapshot& snapshot) {
  proto::CheckpointShare share;
  array::ArrayRecords& records = *share.mutable_arrays();
  try {
    make_folders(snapshot.codes.empty() ? folder : folder / kAssignmentsFolder);
    if (!snapshot.model.empty()) write_tensors(folder, kModelFile, snapshot.model, records);
    if (!snapshot.optimizer.empty()) write_tensors(folder, kOptimizerFile, snapshot.optimizer, records);
    for (const PartCodes& part : snapshot.codes) write_codes(folder, part, records);
    if (!snapshot.codes.empty()) sync_folder(folder / kAssignmentsFolder);
  } catch (const std::exception& error) {
    share.set_failure(error.what());
  }
  return share;
}

/// What a checkpoint that is whole says of its arrays.
proto::CheckpointShare known_share(const fs::path& folder) {
  proto::CheckpointShare share;
  try {
    *share.mutable_arrays() = CheckpointReader(folder, CheckpointReader::Check::kManifest).manifest().arrays();
  } catch (const Error& error) {
    share.set_failure(error.what());
  }
  return share;
}

/// Only folders that no reader looks at, and those this run is about to write again.
void remove_leftovers(const fs::path& run_folder, int64_t last_step) {
  const fs::path checkpoints = run_folder / kCheckpointsFolder;
  for (const int64_t step : list_checkpoints(checkpoints, Completeness::kIncomplete)) {
    remove_checkpoint(checkpoints / checkpoint_name(step));
  }
  const std::vector<int64_t> complete = list_checkpoints(checkpoints, Completeness::kComplete);
  if (last_step < 0 && !complete.empty()) {
    throw data_error(checkpoints.string(), "no checkpoints of an earlier run", checkpoint_name(complete.back()),
                     "continue it with --resume, or name another run folder");
  }
  for (const int64_t step : complete) {
    if (step <= last_step) continue;
    log_warning("{} lies beyond the step that training resumes from: removed", checkpoint_name(step));
    remove_checkpoint(checkpoints / checkpoint_name(step));
  }
}

}  // namespace

CheckpointWriter::CheckpointWriter(const comm::Communicator& comm, fs::path run_folder, int keep_last,
                                   int64_t last_step)
    : comm_(&comm), run_folder_(std::move(run_folder)), keep_last_(keep_last), last_step_(last_step) {
  comm::agree(comm, [&] {
    if (comm_->rank() != 0) return;
    remove_leftovers(run_folder_, last_step);
    make_folders(run_folder_ / kCheckpointsFolder);
  });
}

void CheckpointWriter::start(Snapshot snapshot) {
  finish();
  const fs::path folder = run_folder_ / kCheckpointsFolder / checkpoint_name(snapshot.manifest.step());
  pending_.emplace();
  pending_->manifest = snapshot.manifest;
  if (snapshot.manifest.step() == last_step_) {
    const bool tells = comm_->rank() == 0;
    pending_->share =
        std::async(std::launch::deferred, [=] { return tells ? known_share(folder) : proto::CheckpointShare(); });
    return;
  }
  pending_->share = std::async(std::launch::async, [folder, owned = std::move(snapshot)] {
    trace::name_thread("checkpoint");
    const trace::Span span("write", owned.manifest.step());
    return write_share(folder, owned);
  });
}

bool CheckpointWriter::is_written() const {
  return pending_.has_value() && pending_->share.wait_for(std::chrono::seconds(0)) != std::future_status::timeout;
}

bool CheckpointWriter::finish() {
  if (!pending_.has_value()) return true;
  const std::string share = pending_->share.get().SerializeAsString();
  proto::Checkpoint manifest = std::move(pending_->manifest);
  pending_.reset();
  const comm::Gathered shares = comm::all_gather_varied_bytes(*comm_, std::as_bytes(std::span(share)));
  int32_t is_published = comm_->rank() == 0 && publish_shares(shares, std::move(manifest)) ? 1 : 0;
  comm::broadcast(*comm_, std::span(&is_published, 1), 0);
  return is_published == 1;
}

bool CheckpointWriter::publish_shares(const comm::Gathered& shares, proto::Checkpoint manifest) const {
  std::string failures;
  for (int rank = 0; rank < comm_->size(); ++rank) {
    proto::CheckpointShare theirs;
    const int64_t length = shares.offsets[rank + 1] - shares.offsets[rank];
    theirs.ParseFromArray(shares.bytes.data() + shares.offsets[rank], static_cast<int>(length));
    manifest.mutable_arrays()->MergeFrom(theirs.arrays());
    if (!theirs.has_failure()) continue;
    failures += fmt::format("{}[rank {}] {}", failures.empty() ? "" : " ", rank, theirs.failure());
  }
  const fs::path folder = run_folder_ / kCheckpointsFolder / checkpoint_name(manifest.step());
  if (failures.empty()) return publish(folder, manifest);
  give_up(manifest, failures);
  return false;
}

bool CheckpointWriter::publish(const fs::path& folder, const proto::Checkpoint& manifest) const {
  try {
    const std::string text = array::to_text(manifest);
    if (is_complete(folder)) {
      const std::string before = read_text_file(folder / kCheckpointManifest);
      write_text_file(folder / kDoneFile, done_text(before) + done_text(text));
    }
    write_text_file(folder / kCheckpointManifest, text);
    sync_folder(folder);
    write_text_file(folder / kDoneFile, done_text(text));
    sync_folder(folder.parent_path());
  } catch (const Error& error) {
    give_up(manifest, error.what());
    return false;
  }
  name_best(run_folder_, manifest.best_step());
  remove_superseded(manifest.best_step());
  return true;
}

/// One that was whole before is whole still.
void CheckpointWriter::give_up(const proto::Checkpoint& manifest, std::string_view reason) const {
  log_warning("no checkpoint of step {}, training goes on: {}", manifest.step(), reason);
  if (manifest.step() == last_step_) return;
  remove_checkpoint(run_folder_ / kCheckpointsFolder / checkpoint_name(manifest.step()));
}

void CheckpointWriter::remove_superseded(int64_t best_step) const {
  const fs::path checkpoints = run_folder_ / kCheckpointsFolder;
  const std::optional<fs::path> best = best_checkpoint(run_folder_);
  std::vector<int64_t> steps = list_checkpoints(checkpoints, Completeness::kComplete);
  steps.resize(steps.size() - std::min(steps.size(), static_cast<size_t>(keep_last_)));
  for (const int64_t step : steps) {
    const fs::path folder = checkpoints / checkpoint_name(step);
    if (step != best_step && folder != best && !remove_checkpoint(folder)) {
      log_warning("{}: cannot be removed", folder.string());
    }
  }
}

}  // namespace gigahop::train
