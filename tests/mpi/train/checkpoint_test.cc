/// Checkpoints written by several ranks, read back, damaged, and refused by the disk.
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "array/manifest.h"
#include "base/error.h"
#include "base/files.h"
#include "comm/collectives.h"
#include "train/checkpoint_folder.h"
#include "train/checkpoint_reader.h"
#include "train/checkpoint_writer.h"

namespace gigahop::train {
namespace {

namespace fs = std::filesystem;

constexpr int kParts = 5;
constexpr int64_t kOwned = 11;

/// The same empty folder on all ranks.
fs::path empty_folder(const comm::Communicator& comm, const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("checkpoint_test_on_{}", comm.size()) / name;
  if (comm.rank() == 0) {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  comm::barrier(comm);
  return folder;
}

uint16_t code_of(int64_t step, int part, int64_t i) {
  return static_cast<uint16_t>(step + 100 * part + i);
}

Snapshot snapshot_of(const comm::Communicator& comm, int64_t step, int64_t values) {
  Snapshot snapshot;
  snapshot.manifest.set_format_version(kCheckpointFormatVersion);
  snapshot.manifest.set_step(step);
  snapshot.manifest.set_best_step(-1);
  snapshot.manifest.set_num_parts(kParts);
  if (comm.rank() == 0) {
    const std::vector<float> numbers(static_cast<size_t>(values), static_cast<float>(step) + 0.5F);
    snapshot.model = {{"head.weight", {values / 2, 2}, numbers}};
    snapshot.optimizer = {{"head.weight.first_moment", {values}, numbers}};
  }
  for (int part = comm.rank(); part < kParts; part += comm.size()) {
    PartCodes codes{.part = part, .codes = {}};
    for (int64_t i = 0; i < kOwned; ++i) codes.codes.push_back(code_of(step, part, i));
    snapshot.codes.push_back(std::move(codes));
  }
  return snapshot;
}

void write_checkpoint(const comm::Communicator& comm, CheckpointWriter& writer, int64_t step, int64_t values = 6) {
  writer.start(snapshot_of(comm, step, values));
  writer.finish();
  comm::barrier(comm);
}

void write_best_checkpoint(const comm::Communicator& comm, CheckpointWriter& writer, int64_t step, int64_t best_step) {
  Snapshot snapshot = snapshot_of(comm, step, 6);
  snapshot.manifest.set_best_step(best_step);
  writer.start(std::move(snapshot));
  EXPECT_TRUE(writer.finish());
  comm::barrier(comm);
}

std::vector<int64_t> complete(const fs::path& run) {
  return list_checkpoints(run / kCheckpointsFolder, Completeness::kComplete);
}

fs::path folder_of(const fs::path& run, int64_t step) {
  return run / kCheckpointsFolder / checkpoint_name(step);
}

std::string data_complaint(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kData);
    return error.what();
  }
  return "";
}

TEST(Checkpoint, holds_what_all_ranks_handed_over) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "round_trip");
  CheckpointWriter writer(comm, run, 2, -1);
  EXPECT_FALSE(writer.is_pending());
  write_checkpoint(comm, writer, 7);

  const auto newest = newest_checkpoint(comm, run);
  EXPECT_EQ(newest, folder_of(run, 7));
  const CheckpointReader reader(*newest);
  EXPECT_EQ(reader.manifest().step(), 7);
  const array::SafetensorsFile model = reader.model();
  const array::TensorView& weight = model.at("head.weight");
  EXPECT_EQ(weight.shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(reinterpret_cast<const float*>(weight.bytes.data())[5], 7.5F);
  EXPECT_TRUE(reader.optimizer().contains("head.weight.first_moment"));
  for (int part = 0; part < kParts; ++part) {
    const std::vector<uint16_t> codes = reader.codes(part, kOwned, 65535);
    for (int64_t i = 0; i < kOwned; ++i) EXPECT_EQ(codes[static_cast<size_t>(i)], code_of(7, part, i));
  }
  EXPECT_NE(data_complaint([&] { reader.codes(1, kOwned + 1, 65535); }), "");
  EXPECT_NE(data_complaint([&] { reader.codes(1, kOwned, 110); }), "");
  comm::barrier(comm);
}

TEST(Checkpoint, keeps_the_last_ones_and_the_best) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "keep");
  CheckpointWriter writer(comm, run, 2, -1);
  for (int64_t step = 1; step <= 6; ++step) {
    Snapshot snapshot = snapshot_of(comm, step, 6);
    snapshot.manifest.set_best_step(step < 2 ? 1 : 2);
    writer.start(std::move(snapshot));
  }
  EXPECT_TRUE(writer.is_pending());
  writer.finish();
  comm::barrier(comm);
  EXPECT_EQ(complete(run), (std::vector<int64_t>{2, 5, 6}));
  EXPECT_EQ(best_checkpoint(run), folder_of(run, 2));
  EXPECT_EQ(resolve_checkpoint(comm, run), folder_of(run, 2));
  EXPECT_EQ(resolve_checkpoint(comm, folder_of(run, 5)), folder_of(run, 5));
  EXPECT_NE(data_complaint([&] { resolve_checkpoint(comm, run / "nothing"); }), "");
}

TEST(Checkpoint, outlives_a_best_that_cannot_be_named_and_is_named_by_the_next) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "unnamed_best");
  CheckpointWriter writer(comm, run, 5, -1);
  if (comm.rank() == 0) fs::create_directories(run / kBestFile / "a folder where the file would be");
  comm::barrier(comm);
  write_best_checkpoint(comm, writer, 1, 1);
  EXPECT_EQ(complete(run), (std::vector<int64_t>{1}));
  EXPECT_EQ(best_checkpoint(run), std::nullopt);
  comm::barrier(comm);
  if (comm.rank() == 0) fs::remove_all(run / kBestFile);
  write_best_checkpoint(comm, writer, 2, 1);
  EXPECT_EQ(best_checkpoint(run), folder_of(run, 1));
  comm::barrier(comm);
}

TEST(Checkpoint, without_done_does_not_exist_and_makes_room) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "unfinished");
  EXPECT_EQ(newest_checkpoint(comm, run), std::nullopt);
  {
    CheckpointWriter writer(comm, run, 5, -1);
    for (const int64_t step : {1, 2, 3}) write_checkpoint(comm, writer, step);
    if (comm.rank() == 0) fs::remove(folder_of(run, 3) / kDoneFile);
    comm::barrier(comm);
    EXPECT_EQ(newest_checkpoint(comm, run), folder_of(run, 2));
  }
  EXPECT_NE(data_complaint([&] { CheckpointWriter(comm, run, 5, -1); }), "") << "a new run over an old one";
  const CheckpointWriter resumed(comm, run, 5, 1);
  EXPECT_EQ(complete(run), (std::vector<int64_t>{1}));
  EXPECT_FALSE(fs::exists(folder_of(run, 3)));
  comm::barrier(comm);
}

TEST(Checkpoint, that_was_resumed_from_takes_another_manifest_and_keeps_its_arrays) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "amended");
  {
    CheckpointWriter writer(comm, run, 1, -1);
    write_checkpoint(comm, writer, 1);
  }
  const std::string before = read_text_file(folder_of(run, 1) / kCheckpointManifest);
  comm::barrier(comm);
  CheckpointWriter writer(comm, run, 1, 1);
  write_best_checkpoint(comm, writer, 1, 1);
  const CheckpointReader reader(folder_of(run, 1));
  EXPECT_EQ(reader.manifest().best_step(), 1);
  EXPECT_EQ(reader.manifest().arrays_size(), 2 + kParts);
  EXPECT_EQ(best_checkpoint(run), folder_of(run, 1));

  // Where the replacement may have been cut short: DONE holds both, and either manifest stands.
  const std::string after = read_text_file(folder_of(run, 1) / kCheckpointManifest);
  EXPECT_NE(before, after);
  comm::barrier(comm);
  for (const std::string& manifest : {before, after}) {
    if (comm.rank() != 0) break;
    write_text_file(folder_of(run, 1) / kDoneFile, done_text(before) + done_text(after));
    write_text_file(folder_of(run, 1) / kCheckpointManifest, manifest);
    EXPECT_EQ(find_damage(folder_of(run, 1)), std::nullopt);
  }
  comm::barrier(comm);
}

/// Every file of a checkpoint, in each way a disk may spoil it.
TEST(Checkpoint, a_damaged_one_is_passed_over_for_the_one_before) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "damage");
  CheckpointWriter writer(comm, run, 5, -1);
  write_checkpoint(comm, writer, 1);
  write_checkpoint(comm, writer, 2);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder_of(run, 2))) {
    if (entry.is_regular_file() && entry.path().filename() != kDoneFile) files.push_back(entry.path());
  }
  EXPECT_EQ(files.size(), 3U + kParts);

  const auto expect_passed_over = [&](const fs::path& file, const std::string& how,
                                      const std::function<void(std::string&)>& spoil) {
    std::string whole;
    if (comm.rank() == 0) {
      whole = read_text_file(file);
      std::string text = whole;
      spoil(text);
      std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
      const std::optional<std::string> damage = find_damage(folder_of(run, 2));
      EXPECT_TRUE(damage.has_value()) << file << " " << how;
      EXPECT_NE(data_complaint([&] { CheckpointReader(folder_of(run, 2)); }), "") << file << " " << how;
    }
    comm::barrier(comm);
    EXPECT_EQ(newest_checkpoint(comm, run), folder_of(run, 1)) << file << " " << how;
    comm::barrier(comm);
    if (comm.rank() == 0) std::ofstream(file, std::ios::binary | std::ios::trunc) << whole;
    comm::barrier(comm);
  };
  files.push_back(folder_of(run, 2) / kDoneFile);
  for (const fs::path& file : files) {
    expect_passed_over(file, "emptied", [](std::string& text) { text.clear(); });
    expect_passed_over(file, "truncated", [](std::string& text) { text.pop_back(); });
    expect_passed_over(file, "flipped first", [](std::string& text) { text.front() ^= 1; });
    expect_passed_over(file, "flipped middle", [](std::string& text) { text[text.size() / 2] ^= 4; });
    expect_passed_over(file, "extended", [](std::string& text) { text += "x"; });
  }
  EXPECT_EQ(newest_checkpoint(comm, run), folder_of(run, 2));
}

TEST(Checkpoint, a_missing_file_is_named) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "missing");
  CheckpointWriter writer(comm, run, 5, -1);
  write_checkpoint(comm, writer, 1);
  const std::string file = assignments_file(3);
  if (comm.rank() == 0) fs::remove(folder_of(run, 1) / file);
  comm::barrier(comm);
  const std::string complaint = data_complaint([&] { newest_checkpoint(comm, run); });
  EXPECT_NE(complaint.find(file), std::string::npos) << complaint;
}

TEST(Checkpoint, of_another_format_version_is_refused_by_name) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "version");
  CheckpointWriter writer(comm, run, 5, -1);
  Snapshot snapshot = snapshot_of(comm, 1, 6);
  snapshot.manifest.set_format_version(2);
  writer.start(std::move(snapshot));
  writer.finish();
  const auto newest = newest_checkpoint(comm, run);
  EXPECT_EQ(newest, folder_of(run, 1));
  const std::string complaint = data_complaint([&] { CheckpointReader{*newest}; });
  EXPECT_NE(complaint.find("format version 1, found 2"), std::string::npos) << complaint;
  comm::barrier(comm);
}

TEST(Checkpoint, that_cannot_be_written_leaves_the_one_before_and_the_run_alive) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "refused");
  CheckpointWriter writer(comm, run, 5, -1);
  write_checkpoint(comm, writer, 1);
  if (comm.rank() == 0) std::ofstream(folder_of(run, 2)) << "a file where the folder would be";
  comm::barrier(comm);
  writer.start(snapshot_of(comm, 2, 6));
  EXPECT_FALSE(writer.finish()) << "all ranks know";
  comm::barrier(comm);
  EXPECT_EQ(complete(run), (std::vector<int64_t>{1}));
  write_checkpoint(comm, writer, 3);
  EXPECT_EQ(complete(run), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(newest_checkpoint(comm, run), folder_of(run, 3));
}

TEST(Checkpoint, on_a_full_disk_leaves_the_one_before_and_the_run_alive) {
  const comm::Communicator comm = comm::Communicator::world();
  const fs::path run = empty_folder(comm, "full_disk");
  int64_t mounted = 0;
  if (comm.rank() == 0 && geteuid() == 0) mounted = mount("tmpfs", run.c_str(), "tmpfs", 0, "size=256k") == 0 ? 1 : 0;
  if (comm::max_over_ranks(comm, mounted) == 0) GTEST_SKIP() << "a small file system can be mounted by root alone";
  {
    CheckpointWriter writer(comm, run, 5, -1);
    write_checkpoint(comm, writer, 1);
    write_checkpoint(comm, writer, 2, 200000);
    EXPECT_EQ(complete(run), (std::vector<int64_t>{1}));
    EXPECT_FALSE(fs::exists(folder_of(run, 2)));
    write_checkpoint(comm, writer, 3);
    EXPECT_EQ(newest_checkpoint(comm, run), folder_of(run, 3));
  }
  comm::barrier(comm);
  EXPECT_EQ(comm.rank() == 0 ? umount(run.c_str()) : 0, 0);
  comm::barrier(comm);
}

}  // namespace
}  // namespace gigahop::train
