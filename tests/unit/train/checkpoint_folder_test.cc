#include "train/checkpoint_folder.h"

#include <fstream>

#include <gtest/gtest.h>

namespace gigahop::train {
namespace {

namespace fs = std::filesystem;

fs::path empty_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / "checkpoint_folder_test" / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void make_checkpoint(const fs::path& run, int64_t step, Completeness completeness) {
  const fs::path folder = run / kCheckpointsFolder / checkpoint_name(step);
  fs::create_directories(folder);
  if (completeness == Completeness::kComplete) std::ofstream(folder / kDoneFile) << "x";
}

TEST(CheckpointName, tells_the_step_and_back) {
  EXPECT_EQ(checkpoint_name(1200), "step-000001200");
  for (const int64_t step : {int64_t{0}, int64_t{7}, int64_t{1200}, int64_t{12345678901}}) {
    EXPECT_EQ(step_of_checkpoint(checkpoint_name(step)), step);
  }
  for (const char* name : {"", "step-", "step-1200", "step-00000120x", "step--00000001", "step-000001200.partial"}) {
    EXPECT_EQ(step_of_checkpoint(name), std::nullopt) << name;
  }
}

TEST(CheckpointDone, vouches_for_one_manifest_or_while_it_is_replaced_for_two) {
  const std::string old_one = done_text("old");
  const std::string new_one = done_text("new");
  EXPECT_TRUE(vouches_for(old_one, "old"));
  EXPECT_FALSE(vouches_for(old_one, "new"));
  for (const char* text : {"old", "new"}) EXPECT_TRUE(vouches_for(old_one + new_one, text)) << text;
  EXPECT_FALSE(vouches_for(old_one + new_one, "another"));
  EXPECT_FALSE(vouches_for(old_one + new_one + new_one, "new"));
  EXPECT_FALSE(vouches_for(old_one + "x", "old"));
  EXPECT_FALSE(vouches_for("", "old"));
}

TEST(CheckpointList, holds_folders_with_done_in_order_of_steps) {
  const fs::path run = empty_folder("list");
  const fs::path checkpoints = run / kCheckpointsFolder;
  EXPECT_TRUE(list_checkpoints(checkpoints, Completeness::kComplete).empty());
  make_checkpoint(run, 20, Completeness::kComplete);
  make_checkpoint(run, 3, Completeness::kComplete);
  make_checkpoint(run, 30, Completeness::kIncomplete);
  fs::create_directories(checkpoints / "something else");
  EXPECT_EQ(list_checkpoints(checkpoints, Completeness::kComplete), (std::vector<int64_t>{3, 20}));
  EXPECT_EQ(list_checkpoints(checkpoints, Completeness::kIncomplete), (std::vector<int64_t>{30}));
}

TEST(BestCheckpoint, is_the_one_the_file_names_as_long_as_it_exists) {
  const fs::path run = empty_folder("best");
  EXPECT_EQ(best_checkpoint(run), std::nullopt);
  make_checkpoint(run, 20, Completeness::kComplete);
  write_best(run, 20);
  EXPECT_EQ(best_checkpoint(run), run / kCheckpointsFolder / "step-000000020");
  EXPECT_TRUE(remove_checkpoint(run / kCheckpointsFolder / "step-000000020"));
  EXPECT_EQ(best_checkpoint(run), std::nullopt);
  for (const char* text : {"", "\n", "../../elsewhere", "checkpoints/.."}) {
    std::ofstream(run / kBestFile) << text;
    EXPECT_EQ(best_checkpoint(run), std::nullopt) << text;
  }
}

TEST(BestCheckpoint, is_named_wherever_it_exists_and_the_file_says_otherwise) {
  const fs::path run = empty_folder("name");
  name_best(run, -1);
  name_best(run, 20);
  EXPECT_FALSE(fs::exists(run / kBestFile)) << "nothing to name";
  make_checkpoint(run, 10, Completeness::kComplete);
  make_checkpoint(run, 20, Completeness::kComplete);
  make_checkpoint(run, 30, Completeness::kIncomplete);
  for (const char* text : {"", "garbage", "checkpoints/step-000000010", "checkpoints/step-000000015"}) {
    std::ofstream(run / kBestFile) << text;
    name_best(run, 30);
    EXPECT_NE(best_checkpoint(run), run / kCheckpointsFolder / checkpoint_name(30)) << text;
    name_best(run, 20);
    EXPECT_EQ(best_checkpoint(run), run / kCheckpointsFolder / checkpoint_name(20)) << text;
  }
}

TEST(BestCheckpoint, that_cannot_be_named_is_a_warning) {
  const fs::path run = empty_folder("unnameable");
  make_checkpoint(run, 20, Completeness::kComplete);
  fs::create_directories(run / kBestFile / "a folder where the file would be");
  name_best(run, 20);
  EXPECT_EQ(best_checkpoint(run), std::nullopt);
}

}  // namespace
}  // namespace gigahop::train
