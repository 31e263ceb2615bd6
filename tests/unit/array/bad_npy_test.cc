#include <gtest/gtest.h>

#include "array/npy.h"
#include "support/bad_input.h"

namespace gigahop::array {
namespace {

namespace fs = std::filesystem;
using tests::expect_data_error;

fs::path bad_file() {
  const fs::path folder = fs::path(testing::TempDir()) / "array_bad_npy_test";
  fs::create_directories(folder);
  return folder / "bad.npy";
}

std::string valid_bytes() {
  const std::vector<int32_t> values = {1, 2, 3, 4, 5, 6};
  write_npy<int32_t>(bad_file(), values, {2, 3});
  return read_text_file(bad_file());
}

/// A file of this version with this dict and `data_bytes` of data.
std::string with_header(std::string dict, size_t data_bytes = 24, char version = 1) {
  const size_t length_bytes = version == 1 ? 2 : 4;
  while ((8 + length_bytes + dict.size() + 1) % 64 != 0) dict += ' ';
  dict += '\n';
  std::string bytes = std::string("\x93NUMPY") + version + '\0';
  for (size_t i = 0; i < length_bytes; ++i) bytes += static_cast<char>(dict.size() >> (8 * i) & 0xff);
  return bytes + dict + std::string(data_bytes, '\1');
}

void expect_refused(const std::string& bytes, const std::string& part) {
  tests::write_bytes(bad_file(), bytes);
  expect_data_error([] { NpyArray{bad_file()}; }, "bad.npy");
  expect_data_error([] { NpyArray{bad_file()}; }, part);
}

TEST(BadNpy, every_truncation_is_one_error_that_names_the_file) {
  tests::for_each_truncation(valid_bytes(), [](const std::string& bytes) { expect_refused(bytes, "bad.npy"); });
}

TEST(BadNpy, every_flipped_byte_is_data_or_one_error) {
  tests::for_each_flip(valid_bytes(), [](const std::string& bytes) {
    tests::write_bytes(bad_file(), bytes);
    tests::expect_data_error_or_success(
        [] {
          const NpyArray array(bad_file());
          array.expect_shape({2, 3});
          for (const int32_t value : array.values<int32_t>()) static_cast<void>(value);
        },
        "bad.npy");
  });
}

TEST(BadNpy, trailing_bytes_are_refused) {
  expect_refused(valid_bytes() + "x", "152 bytes, found 153");
}

TEST(BadNpy, reads_versions_2_and_3_and_keys_in_any_order) {
  for (const char version : {1, 2, 3}) {
    tests::write_bytes(bad_file(), with_header("{\"shape\":(2,3),'fortran_order':False,'descr':'<i4'}", 24, version));
    EXPECT_EQ(NpyArray(bad_file()).shape(), (std::vector<int64_t>{2, 3}));
  }
}

TEST(BadNpy, says_what_is_wrong_with_a_header) {
  const auto dict = [](const std::string& descr, const std::string& order, const std::string& shape) {
    return with_header("{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }");
  };
  expect_refused(dict("'<i4'", "True", "(2, 3)"), "Fortran order; save numpy.ascontiguousarray");
  expect_refused(dict("'>i4'", "False", "(2, 3)"), "newbyteorder");
  expect_refused(dict("'|O'", "False", "(2, 3)"), "\"|O\"");
  expect_refused(dict("[('a', '<i4')]", "False", "(2, 3)"), "structured dtypes");
  expect_refused(dict("'<i4'", "False", "(-2, -3)"), "extent >= 0");
  expect_refused(dict("'<i4'", "False", "(2, x)"), "extent >= 0");
  expect_refused(dict("'<i4'", "False", "(1152921504606846976,)"), "2^62 bytes");
  expect_refused(dict("'<i4'", "False", "(4294967296, 4294967296, 4294967296)"), "2^62 bytes");
  expect_refused(dict("'<i4'", "False", "(1152921504606846976, 0)"), "2^62 bytes");
  expect_refused(dict("'<i4'", "False", "(99999999999999999999,)"), "extent >= 0");
  expect_refused(dict("'<i4'", "False", "(281474976710656,)"), "truncated");
  expect_refused(dict("'<i4'", "False", "(2, 3"), "extent >= 0");
  expect_refused(dict("'<i4'", "Maybe", "(2, 3)"), "True or False");
  expect_refused(with_header("{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (6,)}"), "once each");
  expect_refused(with_header("{'descr': '<i4', 'fortran_order': False}"), "fewer");
  expect_refused(with_header("{'descr': '<i4', 'fortran_order': False, 'shape': (6,)} 7"), "end of the header");
  expect_refused(with_header("{'descr': '<i4', 'order': False, 'shape': (6,)}"), "\"order\"");
  expect_refused(with_header("{'descr': '<i4', 'fortran_order': False, 'shape': (6,)}", 24, 9), "format 1.0");
  expect_refused("PK\3\4 an archive, not an array", "no .npy file");
}

TEST(BadNpy, unaligned_data_is_refused) {
  // 10 bytes before the dict, 56 of it: data would start at byte 66.
  const std::string dict = "{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}\n";
  std::string bytes("\x93NUMPY\x01\0\x38\0", 10);
  bytes += dict;
  bytes.append(4, '\1');
  ASSERT_EQ(bytes.size(), 70U);
  expect_refused(bytes, "aligned");
}

TEST(BadNpy, wrong_dtype_and_shape_name_the_file) {
  tests::write_bytes(bad_file(), valid_bytes());
  const NpyArray array(bad_file());
  expect_data_error([&] { array.values<int64_t>(); }, "expected dtype int64, found dtype int32");
  expect_data_error([&] { array.expect_shape({2, 4}); }, "expected shape (2, 4), found shape (2, 3)");
  expect_data_error([&] { array.expect_shape({-1}); }, "bad.npy: expected shape (any,)");
}

}  // namespace
}  // namespace gigahop::array
