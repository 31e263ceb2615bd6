#include "array/npy.h"

#include <gtest/gtest.h>

#include <numeric>

#include "array/manifest.h"
#include "base/error.h"

namespace gigahop::array {
namespace {

namespace fs = std::filesystem;

fs::path test_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "array_npy_test";
  fs::create_directories(folder);
  return folder;
}

TEST(Npy, reads_back_what_it_wrote_of_every_shape) {
  const fs::path path = test_folder() / "round.npy";
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {1}, {0}, {6}, {2, 3}, {3, 0}, {3, 1, 2}}) {
    const int64_t count = NpyHeader{DType::kInt32, shape, 0}.num_elements();
    std::vector<int32_t> values(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), -2);
    const ArrayFile file = write_npy<int32_t>(path, values, shape);
    const NpyArray array(path);
    EXPECT_EQ(array.shape(), shape);
    EXPECT_TRUE(std::ranges::equal(array.values<int32_t>(), values));
    EXPECT_EQ(file.bytes, static_cast<int64_t>(fs::file_size(path)));
    EXPECT_EQ(file.checksum, checksum_of(MappedFile(path).bytes()));
    EXPECT_EQ(file.bytes % 4, 0);
  }
}

TEST(Npy, header_is_byte_for_byte_that_of_numpy) {
  // numpy.save of zeros((2, 3), float32) with numpy 2.
  std::string expected = "\x93NUMPY";
  expected += std::string("\x01\x00\x76\x00", 4) + "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  expected.append(128 - 1 - expected.size(), ' ');
  expected += '\n';
  EXPECT_EQ(format_npy_header(DType::kFloat32, std::vector<int64_t>{2, 3}), expected);
}

TEST(Npy, first_extent_left_open_is_filled_in_at_the_end) {
  const fs::path path = test_folder() / "open.npy";
  NpyWriter writer(path, DType::kInt64, {-1, 2});
  for (int64_t row = 0; row < 1000; ++row) writer.append<int64_t>(std::vector<int64_t>{row, -row});
  const ArrayFile file = writer.finish();
  EXPECT_EQ(file.shape, (std::vector<int64_t>{1000, 2}));
  EXPECT_EQ(file.checksum, checksum_of(MappedFile(path).bytes()));
  const NpyArray array(path);
  array.expect_shape({1000, -1});
  EXPECT_EQ(array.values<int64_t>()[1999], -999);
}

TEST(Npy, bfloat16_is_stored_as_uint16_and_the_manifest_says_so) {
  const fs::path folder = test_folder();
  const std::vector<BFloat16> values = {to_bfloat16(1.5F), to_bfloat16(-2.0F)};
  ArrayRecords records;
  add_record(records, write_npy<BFloat16>(folder / "half.npy", values, {2}));
  EXPECT_EQ(NpyArray(folder / "half.npy").dtype(), DType::kUInt16);
  const NpyArray array = open_array(folder, records, "half.npy", Verify::kChecksum);
  EXPECT_EQ(array.dtype(), DType::kBFloat16);
  EXPECT_EQ(to_float(array.values<BFloat16>()[1]), -2.0F);
}

TEST(Npy, slices_written_in_any_order_make_the_array) {
  const fs::path path = test_folder() / "slices.npy";
  create_npy(path, DType::kInt32, std::vector<int64_t>{4, 2});
  const std::vector<int32_t> values = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto bytes = std::as_bytes(std::span(values));
  NpySliceWriter late(path);
  NpySliceWriter early(path);
  late.write_rows(3, bytes.subspan(24, 8));
  early.write_rows(0, bytes.subspan(0, 24));
  late.close();
  early.close();
  EXPECT_THROW(NpySliceWriter(path).write_rows(3, bytes.subspan(0, 16)), Error);
  const ArrayFile whole = write_npy<int32_t>(test_folder() / "whole.npy", values, {4, 2});
  EXPECT_EQ(describe_npy(path).checksum, whole.checksum);
}

TEST(NpySlices, are_read_from_any_place_whatever_the_integer_type) {
  const fs::path path = test_folder() / "integers.npy";
  std::vector<int64_t> wide(101);
  std::iota(wide.begin(), wide.end(), -50);
  const std::vector<int32_t> narrow(wide.begin(), wide.end());
  const auto expect_slices = [&] {
    const NpySliceReader reader(path);
    EXPECT_EQ(reader.shape(), std::vector<int64_t>{101});
    for (const size_t first : {0, 1, 50, 101}) {
      for (const size_t count : {0, 1, 7, 50}) {
        if (first + count > wide.size()) continue;
        std::vector<int64_t> slice(count);
        reader.read_integers(static_cast<int64_t>(first), slice);
        EXPECT_TRUE(std::equal(slice.begin(), slice.end(), wide.begin() + static_cast<int64_t>(first)));
      }
    }
    std::vector<int64_t> beyond(2);
    EXPECT_THROW(reader.read_integers(100, beyond), Error);
  };
  write_npy<int64_t>(path, wide, {101});
  expect_slices();
  write_npy<int32_t>(path, narrow, {101});
  expect_slices();
}

TEST(NpySlices, are_refused_where_the_array_is_not_whole_or_no_integers) {
  const fs::path path = test_folder() / "refused.npy";
  write_npy<float>(path, std::vector<float>(8), {8});
  std::vector<int64_t> slice(2);
  EXPECT_THROW(NpySliceReader(path).read_integers(0, slice), Error);
  fs::resize_file(path, fs::file_size(path) - 1);
  EXPECT_THROW(NpySliceReader{path}, Error);
  EXPECT_THROW(NpySliceReader{test_folder() / "absent.npy"}, Error);
}

TEST(Npy, unfinished_file_is_refused) {
  const fs::path path = test_folder() / "unfinished.npy";
  {
    NpyWriter writer(path, DType::kInt64, {-1});
    writer.append<int64_t>(std::vector<int64_t>{1, 2});
  }
  EXPECT_THROW(NpyArray{path}, Error);
}

TEST(Npy, wrong_number_of_elements_or_type_is_our_own_fault) {
  NpyWriter writer(test_folder() / "short.npy", DType::kInt64, {3});
  EXPECT_THROW(writer.append<int32_t>(std::vector<int32_t>{1}), Error);
  writer.append<int64_t>(std::vector<int64_t>{1, 2});
  try {
    writer.finish();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kInternal);
  }
}

}  // namespace
}  // namespace gigahop::array
