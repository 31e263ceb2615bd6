#include "array/manifest.h"

#include <gtest/gtest.h>

#include "proto/dataset.pb.h"
#include "support/bad_input.h"

namespace gigahop::array {
namespace {

namespace fs = std::filesystem;
using tests::expect_data_error;

fs::path test_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "array_manifest_test";
  fs::create_directories(folder);
  return folder;
}

ArrayRecords records_of_one_array() {
  ArrayRecords records;
  const std::vector<int64_t> values = {1, 2, 3};
  add_record(records, write_npy<int64_t>(test_folder() / "a.npy", values, {3}));
  return records;
}

TEST(TextProto, comes_back_as_written) {
  proto::Dataset dataset;
  dataset.set_name("a \"name\" with\nlines");
  dataset.set_num_nodes(int64_t{1} << 40);
  const fs::path path = test_folder() / "dataset.textproto";
  write_text_proto(path, dataset);
  proto::Dataset read;
  read_text_proto(path, read);
  EXPECT_EQ(to_text(read), to_text(dataset));
}

TEST(TextProto, its_seal_tells_every_changed_bit_and_every_cut_from_what_was_written) {
  proto::Dataset dataset;
  dataset.set_name("x");
  *dataset.mutable_arrays() = records_of_one_array();
  const fs::path path = test_folder() / "sealed.textproto";
  write_text_proto(path, dataset);
  EXPECT_NO_THROW(verify_seal(path));
  const std::string good = read_text_file(path);
  const size_t body = good.find('\n') + 1;
  tests::for_each_flip(good.substr(body), [&](const std::string& bytes) {
    tests::write_bytes(path, good.substr(0, body) + bytes);
    expect_data_error([&] { verify_seal(path); }, "sealed.textproto");
  });
  tests::for_each_truncation(good.substr(body), [&](const std::string& bytes) {
    tests::write_bytes(path, good.substr(0, body) + bytes);
    expect_data_error([&] { verify_seal(path); }, "sealed.textproto");
  });
  tests::write_bytes(path, good.substr(body));
  EXPECT_NO_THROW(verify_seal(path));
}

TEST(TextProto, errors_carry_file_line_and_column) {
  proto::Dataset dataset;
  expect_data_error([&] { parse_text_proto("name: \"x\"\n  nodes: 3\n", "d.textproto", dataset); }, "d.textproto:2:");
  expect_data_error([&] { parse_text_proto("name: \"x\"\n  nodes: 3\n", "d.textproto", dataset); }, "nodes");
  expect_data_error([&] { parse_text_proto("num_nodes: 99999999999999999999", "d", dataset); }, "d:1:12");
  expect_data_error([&] { parse_text_proto("arrays { file: ", "d", dataset); }, "d:1:");
  expect_data_error([&] { read_text_proto(test_folder() / "absent.textproto", dataset); }, "absent.textproto");
}

TEST(TextProto, every_truncation_and_flip_is_data_or_one_error) {
  proto::Dataset dataset;
  dataset.set_name("x");
  dataset.set_directed(true);
  *dataset.mutable_arrays() = records_of_one_array();
  const std::string text = to_text(dataset);
  const auto parse = [](const std::string& bytes) {
    proto::Dataset read;
    tests::expect_data_error_or_success([&] { parse_text_proto(bytes, "d.textproto", read); }, "d.textproto:");
  };
  tests::for_each_truncation(text, parse);
  tests::for_each_flip(text, parse);
}

TEST(OpenArray, holds_the_file_to_its_record) {
  const ArrayRecords records = records_of_one_array();
  EXPECT_EQ(open_array(test_folder(), records, "a.npy", Verify::kChecksum).values<int64_t>()[2], 3);
  expect_data_error([&] { open_array(test_folder(), records, "b.npy"); }, "b.npy");
  const auto with = [&](const auto& change) {
    ArrayRecords changed = records;
    change(*changed.Mutable(0));
    return changed;
  };
  const auto open = [&](const ArrayRecords& changed) {
    return [changed] { open_array(test_folder(), changed, changed.Get(0).file(), Verify::kChecksum); };
  };
  expect_data_error(open(with([](auto& r) { r.set_bytes(160); })), "a.npy: expected 160 bytes, found 152 bytes");
  expect_data_error(open(with([](auto& r) { r.set_bytes(-1); })), "a.npy");
  expect_data_error(open(with([](auto& r) { r.set_dtype("int32"); })), "a.npy: expected dtype int32");
  expect_data_error(open(with([](auto& r) { r.set_dtype("bfloat16"); })), "a.npy: expected dtype bfloat16");
  expect_data_error(open(with([](auto& r) { r.set_dtype("complex"); })), "\"complex\"");
  expect_data_error(open(with([](auto& r) { r.set_shape(0, 4); })), "expected shape (4,), found shape (3,)");
  expect_data_error(open(with([](auto& r) { r.set_shape(0, -1); })), "a.npy");
  expect_data_error(open(with([](auto& r) { r.set_checksum(1); })), "checksum 0000000000000001");
  expect_data_error(open(with([](auto& r) { r.set_file("../array_manifest_test/a.npy"); })), "inside the folder");
  expect_data_error(open(with([](auto& r) { r.set_file("/etc/passwd"); })), "inside the folder");
  fs::remove(test_folder() / "a.npy");
  expect_data_error(open(records), "a.npy");
}

TEST(OpenArray, size_alone_does_not_notice_a_flipped_byte_but_the_checksum_does) {
  const ArrayRecords records = records_of_one_array();
  std::string bytes = read_text_file(test_folder() / "a.npy");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  tests::write_bytes(test_folder() / "a.npy", bytes);
  EXPECT_NO_THROW(open_array(test_folder(), records, "a.npy"));
  expect_data_error([&] { open_array(test_folder(), records, "a.npy", Verify::kChecksum); }, "a.npy");
  expect_data_error([&] { verify_records(test_folder(), records, Verify::kChecksum); }, "a.npy");
}

TEST(VerifyRecords, looks_at_plain_files_too_and_at_each_once) {
  ArrayRecords records = records_of_one_array();
  write_text_file(test_folder() / "names.txt", "one\ntwo\n");
  add_plain_record(records, test_folder(), "names.txt");
  EXPECT_NO_THROW(verify_records(test_folder(), records, Verify::kChecksum));
  write_text_file(test_folder() / "names.txt", "one\ntwO\n");
  EXPECT_NO_THROW(verify_records(test_folder(), records, Verify::kSize));
  expect_data_error([&] { verify_records(test_folder(), records, Verify::kChecksum); }, "names.txt");
  *records.Add() = records.Get(0);
  expect_data_error([&] { verify_records(test_folder(), records, Verify::kSize); }, "two of a.npy");
}

TEST(Fingerprint, depends_on_every_checksum_and_their_order) {
  ArrayRecords records = records_of_one_array();
  const uint64_t one = fingerprint(records);
  records.Add()->set_checksum(5);
  const uint64_t two = fingerprint(records);
  EXPECT_NE(one, two);
  records.SwapElements(0, 1);
  EXPECT_NE(fingerprint(records), two);
}

TEST(DType, names_and_sizes_go_both_ways) {
  for (const DType dtype :
       {DType::kBool, DType::kInt8, DType::kUInt8, DType::kInt16, DType::kUInt16, DType::kInt32, DType::kUInt32,
        DType::kInt64, DType::kUInt64, DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    EXPECT_EQ(parse_dtype(name(dtype), "here"), dtype);
    EXPECT_GT(bytes_of(dtype), 0);
  }
  expect_data_error([] { parse_dtype("float", "here"); }, "here");
}

}  // namespace
}  // namespace gigahop::array
