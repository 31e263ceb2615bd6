#include "base/folder_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gigahop {
namespace {

namespace fs = std::filesystem;

fs::path empty_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / "folder_lock_test" / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

std::string complaint_of_locking(const fs::path& folder) {
  try {
    const FolderLock lock(folder);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kData);
    return error.what();
  }
  return "";
}

TEST(FolderLock, is_refused_with_the_name_of_the_holder_until_that_lets_go) {
  const fs::path folder = empty_folder("held");
  std::optional<FolderLock> lock(folder);
  const std::string complaint = complaint_of_locking(folder);
  EXPECT_NE(complaint.find("process " + std::to_string(getpid()) + " on "), std::string::npos) << complaint;
  EXPECT_EQ(complaint_of_locking(empty_folder("another")), "");
  lock.reset();
  EXPECT_EQ(complaint_of_locking(folder), "");
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(FolderLock, is_not_had_by_who_waits_at_a_file_that_its_holder_removes) {
  const fs::path folder = empty_folder("removed");
  constexpr int kThreads = 4;
  int in_it = 0;  // by the lock's holder alone
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int held = 0; held < 200;) {
        try {
          const FolderLock lock(folder);
          EXPECT_EQ(std::exchange(in_it, in_it + 1), 0);
          std::this_thread::yield();
          EXPECT_EQ(std::exchange(in_it, in_it - 1), 1);
          ++held;
        } catch (const Error&) {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(FolderLock, ends_with_a_process_that_is_killed) {
  const fs::path folder = empty_folder("killed");
  std::array<int, 2> pipe_ends = {};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder);
    const ssize_t told = write(pipe_ends[1], "x", 1);
    while (told == 1) pause();
    _exit(1);
  }
  char byte = 0;
  ASSERT_EQ(read(pipe_ends[0], &byte, 1), 1);
  EXPECT_NE(complaint_of_locking(folder).find("process " + std::to_string(child)), std::string::npos);
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(complaint_of_locking(folder), "");
  for (const int end : pipe_ends) close(end);
}

TEST(FolderLock, of_a_folder_that_is_not_there_names_the_file) {
  EXPECT_NE(complaint_of_locking(empty_folder("x") / "missing").find("missing/lock"), std::string::npos);
}

}  // namespace
}  // namespace gigahop
