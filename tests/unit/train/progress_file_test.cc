#include "train/progress_file.h"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

namespace gigahop::train {
namespace {

namespace fs = std::filesystem;

class ProgressFileTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  static proto::RunProgress at_step(int64_t step) {
    proto::RunProgress progress;
    progress.set_epoch(1);
    progress.set_step_in_epoch(step);
    return progress;
  }

  /// Waits until the file says so; the test's own time limit is the only one.
  void wait_for_step(int64_t step) const {
    for (;;) {
      const std::optional<proto::RunProgress> progress = read_progress(folder_);
      if (progress.has_value() && progress->step_in_epoch() == step) return;
      std::this_thread::yield();
    }
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "progress_file_test";
};

TEST_F(ProgressFileTest, says_the_newest_and_goes_with_its_writer) {
  {
    ProgressFile file(folder_, 0.001);
    EXPECT_FALSE(read_progress(folder_).has_value());
    for (int64_t step = 1; step <= 100; ++step) file.tell(at_step(step));
    wait_for_step(100);
    file.tell(at_step(101));
    wait_for_step(101);
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(ProgressFileTest, does_not_wait_for_the_next_write_when_it_ends) {
  ProgressFile file(folder_, 1e6);
  file.tell(at_step(1));
  wait_for_step(1);
  file.tell(at_step(2));
}

TEST_F(ProgressFileTest, removes_what_a_killed_process_left) {
  std::ofstream(folder_ / kProgressFile) << "epoch: 7\n";
  EXPECT_EQ(read_progress(folder_)->epoch(), 7);
  const ProgressFile file(folder_);
  EXPECT_FALSE(read_progress(folder_).has_value());
}

TEST_F(ProgressFileTest, that_cannot_be_read_or_written_is_none) {
  std::ofstream(folder_ / kProgressFile) << "no proto at all";
  EXPECT_FALSE(read_progress(folder_).has_value());
  ProgressFile file(folder_ / "nowhere", 0.001);
  for (int64_t step = 1; step <= 100; ++step) file.tell(at_step(step));
  EXPECT_FALSE(read_progress(folder_ / "nowhere").has_value());
}

}  // namespace
}  // namespace gigahop::train
