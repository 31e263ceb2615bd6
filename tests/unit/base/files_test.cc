#include "base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/memory.h"

namespace gigahop {
namespace {

namespace fs = std::filesystem;

fs::path test_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "base_files_test";
  fs::create_directories(folder);
  return folder;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

template <class Action>
void expect_data_error(const Action& action, const std::string& part) {
  try {
    action();
    ADD_FAILURE() << "no error that names " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kData);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(MappedFile, shows_the_bytes_of_a_file_also_after_a_move) {
  const fs::path path = test_folder() / "mapped";
  write_text_file(path, "hello");
  MappedFile file(path);
  const MappedFile moved = std::move(file);
  EXPECT_EQ(moved.bytes().size(), 5U);
  EXPECT_EQ(std::to_integer<char>(moved.bytes()[4]), 'o');
  write_text_file(path, "");
  EXPECT_TRUE(MappedFile(path).bytes().empty());
}

TEST(MappedFile, refuses_what_is_no_file) {
  expect_data_error([] { MappedFile(test_folder() / "absent"); }, "absent");
  expect_data_error([] { MappedFile{test_folder()}; }, "base_files_test");
  const fs::path pipe = test_folder() / "pipe";
  fs::remove(pipe);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  expect_data_error([&] { MappedFile{pipe}; }, "regular file");
}

TEST(InputFile, reads_what_is_asked_for_and_no_more) {
  const fs::path path = test_folder() / "positions";
  write_text_file(path, "hello world");
  InputFile file(path);
  const InputFile moved = std::move(file);
  EXPECT_EQ(moved.size(), 11U);
  std::string word(5, ' ');
  moved.read_at(6, std::as_writable_bytes(std::span(word)));
  EXPECT_EQ(word, "world");
  expect_data_error([&] { moved.read_at(7, std::as_writable_bytes(std::span(word))); }, "positions");
  expect_data_error([] { InputFile(test_folder() / "absent"); }, "absent");
}

TEST(Memory, counts_its_peak_anew_after_a_reset) {
  reset_peak_memory();
  const int64_t before = peak_memory();
  if (before == 0) GTEST_SKIP() << "this system does not tell";
  std::vector<char> ballast(64 << 20, 1);
  EXPECT_GE(peak_memory(), before + (60 << 20) - (ballast[1] - 1));
}

TEST(OutputFile, writes_in_order_and_at_places) {
  const fs::path path = test_folder() / "output";
  OutputFile file(path);
  file.append(bytes_of("abc"));
  file.write_at(1, bytes_of("X"));
  file.append(bytes_of("d"));
  file.resize(6);
  file.close();
  EXPECT_EQ(read_text_file(path), std::string("aXcd\0\0", 6));
  OutputFile again(path, OutputFile::Open::kExisting);
  again.write_at(0, bytes_of("Z"));
  again.close();
  EXPECT_EQ(read_text_file(path)[0], 'Z');
}

TEST(OutputFile, names_the_file_that_cannot_be_written) {
  expect_data_error([] { OutputFile(test_folder() / "no" / "such"); }, "such");
  expect_data_error([] { OutputFile(test_folder() / "absent", OutputFile::Open::kExisting); }, "absent");
  if (!fs::exists("/dev/full")) return;
  OutputFile full("/dev/full");
  expect_data_error([&] { full.append(bytes_of("x")); }, "disk is full");
}

TEST(PendingFolder, appears_only_when_committed) {
  const fs::path path = test_folder() / "pending";
  fs::remove_all(path);
  { const PendingFolder abandoned(path); }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(partial_path(path)));
  PendingFolder folder(path);
  write_text_file(folder.path() / "a", "1");
  EXPECT_FALSE(fs::exists(path));
  folder.commit();
  EXPECT_EQ(read_text_file(path / "a"), "1");
}

TEST(PendingFolder, refuses_or_replaces_an_existing_one) {
  const fs::path path = test_folder() / "replaced/";
  fs::create_directories(path);
  write_text_file(path / "old", "1");
  expect_data_error([&] { PendingFolder{path}; }, "replaced");
  PendingFolder folder(path, PendingFolder::Existing::kReplace);
  write_text_file(folder.path() / "new", "2");
  EXPECT_TRUE(fs::exists(path / "old"));
  folder.commit();
  EXPECT_FALSE(fs::exists(path / "old"));
  EXPECT_EQ(read_text_file(path / "new"), "2");
}

TEST(PendingFolder, is_built_by_one_at_a_time) {
  const fs::path path = test_folder() / "shared";
  fs::remove_all(path);
  {
    PendingFolder first(path);
    write_text_file(first.path() / "a", "1");
    expect_data_error([&] { PendingFolder{path}; }, "no other run writes into");
    EXPECT_EQ(read_text_file(first.path() / "a"), "1");
    first.commit();
  }
  EXPECT_FALSE(fs::exists(path.string() + ".lock"));
}

TEST(PendingFolder, starts_afresh_after_a_crash) {
  const fs::path path = test_folder() / "crashed";
  fs::remove_all(path);
  fs::create_directories(partial_path(path));
  std::ofstream(partial_path(path) / "left") << "x";
  PendingFolder folder(path);
  EXPECT_FALSE(fs::exists(folder.path() / "left"));
}

TEST(PartialPath, ignores_a_trailing_slash) {
  EXPECT_EQ(partial_path("a/b/"), fs::path("a/b.partial"));
  EXPECT_EQ(partial_path("b"), fs::path("b.partial"));
}

TEST(TextFile, replaces_as_a_whole_and_names_what_is_absent) {
  const fs::path path = test_folder() / "text";
  write_text_file(path, "one");
  write_text_file(path, "two");
  EXPECT_EQ(read_text_file(path), "two");
  EXPECT_FALSE(fs::exists(partial_path(path)));
  expect_data_error([] { read_text_file(test_folder() / "absent"); }, "absent");
  expect_data_error([] { read_text_file(test_folder()); }, "directory");
}

fs::path new_pipe(const std::string& name) {
  const fs::path pipe = test_folder() / name;
  fs::remove(pipe);
  EXPECT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  return pipe;
}

TEST(TextFile, is_a_regular_file_within_its_bound) {
  const fs::path path = test_folder() / "bounded";
  write_text_file(path, "12345");
  EXPECT_EQ(read_text_file(path, 5), "12345");
  expect_data_error([&] { read_text_file(path, 4); }, "bounded: expected at most 4 bytes of text, found 5");
  expect_data_error([] { read_text_file("/dev/zero"); }, "/dev/zero: expected a regular file");
  expect_data_error([] { read_text_file(new_pipe("text_pipe")); }, "text_pipe: expected a regular file");
}

TEST(TextStream, ends_within_its_bound_and_names_what_does_not) {
  const fs::path path = test_folder() / "stream";
  write_text_file(path, "12345");
  EXPECT_EQ(read_text_stream(path, 5), "12345");
  EXPECT_EQ(read_text_stream("/dev/null", 5), "");
  expect_data_error([&] { read_text_stream(path, 4); }, "stream: expected at most 4 bytes of text, found more");
  expect_data_error([] { read_text_stream("/dev/zero", 1 << 20); }, "/dev/zero: expected at most 1,048,576 bytes");
  expect_data_error([] { read_text_stream(test_folder() / "absent", 5); }, "absent");
  expect_data_error([] { read_text_stream(test_folder(), 5); }, "directory");
}

TEST(TextStream, waits_for_a_pipe_while_somebody_can_write_into_it) {
  const fs::path pipe = new_pipe("stream_pipe");
  expect_data_error([&] { read_text_stream(pipe, 10'000); }, "stream_pipe: expected a text, found a pipe");
  const int held = open(pipe.c_str(), O_RDWR | O_CLOEXEC);  // a writer from before the reader comes
  ASSERT_GE(held, 0);
  std::thread writer([&] {
    const int fd = open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::string half(3000, 'a');
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(write(fd, half.data(), half.size()), 3000);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    close(fd);
    close(held);
  });
  EXPECT_EQ(read_text_stream(pipe, 10'000), std::string(6000, 'a'));
  writer.join();
}

}  // namespace
}  // namespace gigahop
