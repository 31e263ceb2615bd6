#include "dataset/line_reader.h"

#include <gtest/gtest.h>

#include <sstream>

#include "dataset/child_process.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

std::vector<std::string> lines_of(const fs::path& path) {
  LineReader reader(path);
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.next(line)) {
    lines.emplace_back(line);
    EXPECT_EQ(reader.line_number(), static_cast<int64_t>(lines.size()));
  }
  return lines;
}

/// By std::getline.
std::vector<std::string> expected_lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string many_lines(int num_lines = 60000) {
  std::string text;
  for (int i = 0; i < num_lines; ++i)
    text += std::to_string(i * 2654435761U) + (i % 7 == 0 ? "" : " some more of it") + "\n";
  return text;
}

/// The output of `program -c < input`; false without the program.
bool compress_with(const std::string& program, const fs::path& input, const fs::path& output) {
  try {
    ChildProcess child({program, "-1", "-c"}, input);
    std::string all;
    std::vector<char> piece(1 << 16);
    for (size_t count = child.read(piece); count > 0; count = child.read(piece)) all.append(piece.data(), count);
    write_file(output, all);
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(LineReader, gives_the_lines_of_plain_files_and_of_gzip_files) {
  const fs::path folder = fresh_test_folder();
  for (const std::string& text : {std::string(), std::string("\n"), std::string("one"), std::string("a\n\nb\n"),
                                  std::string(3000000, 'x') + "\nshort\n", many_lines()}) {
    write_file(folder / "plain", text);
    write_gzip(folder / "packed", text);
    EXPECT_EQ(lines_of(folder / "plain"), expected_lines(text));
    EXPECT_EQ(lines_of(folder / "packed"), expected_lines(text));
  }
}

TEST(LineReader, takes_carriage_returns_off) {
  const fs::path folder = fresh_test_folder();
  write_file(folder / "dos", "1 2\r\n3 4\r\n");
  EXPECT_EQ(lines_of(folder / "dos"), (std::vector<std::string>{"1 2", "3 4"}));
}

TEST(LineReader, reads_all_members_of_a_gzip_file_and_ignores_padding) {
  const fs::path folder = fresh_test_folder();
  write_file(folder / "two.gz", gzip("a\nb") + gzip("c\nd\n") + std::string(512, '\0'));
  EXPECT_EQ(lines_of(folder / "two.gz"), (std::vector<std::string>{"a", "bc", "d"}));
}

TEST(LineReader, names_a_gzip_file_that_ends_in_the_middle) {
  const fs::path folder = fresh_test_folder();
  const std::string whole = gzip(many_lines());
  for (const size_t size : {whole.size() - 1, whole.size() / 2, size_t{20}, size_t{5}}) {
    write_file(folder / "cut.gz", whole.substr(0, size));
    expect_error(ErrorKind::kData, {"cut.gz", "end of the gzip stream", "truncated"},
                 [&] { lines_of(folder / "cut.gz"); });
  }
}

TEST(LineReader, names_a_gzip_file_with_a_wrong_byte_or_rubbish_behind) {
  const fs::path folder = fresh_test_folder();
  std::string bytes = gzip(many_lines());
  write_file(folder / "tail.gz", bytes + "rubbish");
  bytes[bytes.size() / 2] ^= 0x55;
  write_file(folder / "flipped.gz", bytes);
  expect_error(ErrorKind::kData, {"tail.gz", "sound gzip stream"}, [&] { lines_of(folder / "tail.gz"); });
  expect_error(ErrorKind::kData, {"flipped.gz", "sound gzip stream"}, [&] { lines_of(folder / "flipped.gz"); });
}

TEST(LineReader, reads_through_the_programs_of_the_distribution) {
  const fs::path folder = fresh_test_folder();
  const std::string text = many_lines(6000);
  write_file(folder / "plain", text);
  for (const std::string program : {"xz", "lz4", "zstd"}) {
    if (!compress_with(program, folder / "plain", folder / program)) continue;
    EXPECT_EQ(lines_of(folder / program), expected_lines(text)) << program;
    const std::string whole = read_file(folder / program);
    write_file(folder / "cut", whole.substr(0, whole.size() / 2));
    expect_error(ErrorKind::kData, {"cut", program, "exit status 0"}, [&] { lines_of(folder / "cut"); });
  }
}

TEST(LineReader, may_be_left_before_the_end_of_a_program) {
  LineReader reader(std::vector<std::string>{"yes"});
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "y");
}

TEST(LineReader, names_missing_files_folders_programs_and_failures) {
  const fs::path folder = fresh_test_folder();
  expect_error(ErrorKind::kData, {"absent", "No such file"}, [&] { LineReader reader(folder / "absent"); });
  expect_error(ErrorKind::kData, {"a file", "a folder"}, [&] { LineReader reader(folder); });
  expect_error(ErrorKind::kData, {"no-such-program-here", "PATH", "install"},
               [] { LineReader reader(std::vector<std::string>{"no-such-program-here"}); });
  expect_error(ErrorKind::kData, {"ls", "exit status 0", "exit status 2", "/no/such/folder"}, [] {
    LineReader reader(std::vector<std::string>{"ls", "/no/such/folder"});
    std::string_view line;
    while (reader.next(line)) {
    }
  });
}

}  // namespace
}  // namespace gigahop::dataset
