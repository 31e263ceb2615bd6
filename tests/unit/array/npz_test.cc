#include "array/npz.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <numeric>
#include <optional>

#include "support/bad_input.h"

namespace gigahop::array {
namespace {

namespace fs = std::filesystem;
using tests::expect_data_error;

fs::path test_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "array_npz_test";
  fs::create_directories(folder);
  return folder;
}

fs::path test_file() {
  return test_folder() / "a.npz";
}

std::string npy_bytes(const std::vector<int64_t>& values) {
  const fs::path path = test_folder() / "member.npy";
  write_npy<int64_t>(path, values, {static_cast<int64_t>(values.size())});
  return read_text_file(path);
}

struct Member {
  std::string name;
  std::string bytes;
  int32_t compression;
};

void write_archive(const std::vector<Member>& members) {
  fs::remove(test_file());
  int code = 0;
  zip_t* zip = zip_open(test_file().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  ASSERT_NE(zip, nullptr);
  for (const Member& member : members) {
    zip_source_t* source = zip_source_buffer(zip, member.bytes.data(), member.bytes.size(), 0);
    const zip_int64_t index = zip_file_add(zip, member.name.c_str(), source, 0);
    ASSERT_GE(index, 0);
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), member.compression, 0);
  }
  ASSERT_EQ(zip_close(zip), 0);
}

std::vector<int64_t> counting(size_t count) {
  std::vector<int64_t> values(count);
  std::iota(values.begin(), values.end(), 5);
  return values;
}

/// Reads a whole member, `piece` values at a time.
std::vector<int64_t> read_all(const fs::path& path, std::string_view name, size_t piece) {
  NpzMember member = NpzReader(path).open(name);
  std::vector<int64_t> values(static_cast<size_t>(member.header().num_elements()));
  for (size_t at = 0; at < values.size(); at += piece) {
    member.read(std::as_writable_bytes(std::span(values).subspan(at, std::min(piece, values.size() - at))));
  }
  return values;
}

TEST(Npz, streams_stored_and_deflated_members_in_pieces) {
  const std::vector<int64_t> few = counting(3);
  const std::vector<int64_t> many = counting(50000);
  write_archive(
      {{"few.npy", npy_bytes(few), ZIP_CM_STORE}, {"many.npy", npy_bytes(many), ZIP_CM_DEFLATE}, {"t.txt", "x", 0}});
  EXPECT_EQ(NpzReader(test_file()).names(), (std::vector<std::string>{"few", "many"}));
  for (const size_t piece : {size_t{1000}, size_t{8191}, many.size()}) {
    EXPECT_EQ(read_all(test_file(), "many", piece), many);
    EXPECT_EQ(read_all(test_file(), "few", piece), few);
  }
}

TEST(Npz, reads_what_numpy_wrote) {
  const NpzReader reader(fs::path(GIGAHOP_TEST_DATA) / "numpy_savez_compressed.npz");
  EXPECT_TRUE(reader.contains("edges"));
  EXPECT_FALSE(reader.contains("edge"));
  NpzMember half = reader.open("half");
  EXPECT_EQ(half.header().dtype, DType::kFloat16);
  Float16 values[2];
  half.read(std::as_writable_bytes(std::span(values)));
  EXPECT_EQ(to_float(values[1]), -2.0F);
  NpzMember edges = reader.open("edges");
  EXPECT_EQ(edges.header().shape, (std::vector<int64_t>{2, 6}));
}

TEST(Npz, a_member_outlives_its_reader) {
  write_archive({{"a.npy", npy_bytes({1, 2}), ZIP_CM_DEFLATE}});
  std::optional<NpzReader> reader(std::in_place, test_file());
  NpzMember member = reader->open("a");
  reader.reset();
  int64_t values[2];
  member.read(std::as_writable_bytes(std::span(values)));
  EXPECT_EQ(values[1], 2);
}

TEST(BadNpz, every_truncation_is_one_error_that_names_the_file) {
  write_archive({{"a.npy", npy_bytes(counting(20)), ZIP_CM_DEFLATE}});
  tests::for_each_truncation(read_text_file(test_file()), [](const std::string& bytes) {
    tests::write_bytes(test_file(), bytes);
    expect_data_error([] { read_all(test_file(), "a", 7); }, "a.npz");
  });
}

TEST(BadNpz, a_flipped_byte_never_changes_the_data_silently) {
  for (const int32_t compression : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
    const std::vector<int64_t> values = counting(20);
    write_archive({{"a.npy", npy_bytes(values), compression}});
    tests::for_each_flip(read_text_file(test_file()), [&](const std::string& bytes) {
      tests::write_bytes(test_file(), bytes);
      tests::expect_data_error_or_success([&] { EXPECT_EQ(read_all(test_file(), "a", 7), values); }, "a.npz");
    });
  }
}

TEST(BadNpz, names_file_and_member) {
  const std::string array = npy_bytes({1, 2, 3});
  write_archive({{"a.npy", array.substr(0, array.size() - 8), ZIP_CM_DEFLATE},
                 {"b.npy", array + "more", ZIP_CM_DEFLATE},
                 {"c.npy", "no array", ZIP_CM_STORE}});
  expect_data_error([] { read_all(test_file(), "a", 3); }, "a.npz: a.npy");
  expect_data_error([] { read_all(test_file(), "b", 3); }, "a.npz: b.npy");
  expect_data_error([] { read_all(test_file(), "c", 3); }, "a.npz: c.npy");
  expect_data_error([] { read_all(test_file(), "d", 3); }, "found a, b, c");
  expect_data_error([] { NpzReader{test_folder() / "absent.npz"}; }, "absent.npz");
  tests::write_bytes(test_file(), "no archive");
  expect_data_error([] { NpzReader{test_file()}; }, "a.npz");
}

TEST(BadNpz, reading_past_the_end_is_an_error) {
  write_archive({{"a.npy", npy_bytes({1}), ZIP_CM_DEFLATE}});
  NpzMember member = NpzReader(test_file()).open("a");
  int64_t values[2];
  expect_data_error([&] { member.read(std::as_writable_bytes(std::span(values))); }, "a.npy");
}

}  // namespace
}  // namespace gigahop::array
