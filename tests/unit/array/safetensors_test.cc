#include "array/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "support/bad_input.h"

namespace gigahop::array {
namespace {

namespace fs = std::filesystem;
using tests::expect_data_error;

fs::path test_file() {
  const fs::path folder = fs::path(testing::TempDir()) / "array_safetensors_test";
  fs::create_directories(folder);
  return folder / "m.safetensors";
}

std::string with_header(const std::string& json, size_t data_bytes) {
  const uint64_t length = json.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + json + std::string(data_bytes, '\1');
}

void expect_refused(const std::string& bytes, const std::string& part) {
  tests::write_bytes(test_file(), bytes);
  expect_data_error([] { SafetensorsFile{test_file()}; }, "m.safetensors");
  expect_data_error([] { SafetensorsFile{test_file()}; }, part);
}

std::string valid_bytes() {
  const std::vector<float> weights = {1, 2, 3, 4};
  const std::vector<uint16_t> codes = {7, 8, 9};
  const TensorToWrite tensors[] = {{"layer.weight", DType::kFloat32, {2, 2}, std::as_bytes(std::span(weights))},
                                   {"codes", DType::kUInt16, {3}, std::as_bytes(std::span(codes))},
                                   {"none", DType::kInt64, {0, 4}, {}},
                                   {"one", DType::kFloat32, {}, std::as_bytes(std::span(weights).first(1))}};
  write_safetensors(test_file(), tensors, {{"note", "a \"quoted\" line\n"}});
  return read_text_file(test_file());
}

TEST(Safetensors, reads_back_what_it_wrote) {
  valid_bytes();
  const SafetensorsFile file(test_file());
  EXPECT_EQ(file.tensors().size(), 4U);
  EXPECT_EQ(file.metadata().at("note"), "a \"quoted\" line\n");
  EXPECT_EQ(file.at("layer.weight").shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(file.at("codes").dtype, DType::kUInt16);
  uint16_t last = 0;
  std::memcpy(&last, file.at("codes").bytes.data() + 4, 2);
  EXPECT_EQ(last, 9);
  EXPECT_TRUE(file.at("none").bytes.empty());
  EXPECT_TRUE(file.at("one").shape.empty());
  EXPECT_FALSE(file.contains("other"));
  expect_data_error([&] { file.at("other"); }, "m.safetensors: expected a tensor other");
}

TEST(Safetensors, reads_what_torch_wrote) {
  const SafetensorsFile file(fs::path(GIGAHOP_TEST_DATA) / "torch_save_file.safetensors");
  EXPECT_EQ(file.metadata().at("made by"), "torch");
  EXPECT_EQ(file.at("w").shape, (std::vector<int64_t>{2, 3}));
  float last = 0;
  std::memcpy(&last, file.at("w").bytes.data() + 20, 4);
  EXPECT_EQ(last, 5.0F);
  EXPECT_EQ(file.at("half").dtype, DType::kBFloat16);
  BFloat16 half[2];
  std::memcpy(half, file.at("half").bytes.data(), 4);
  EXPECT_EQ(to_float(half[1]), -2.0F);
}

TEST(Safetensors, writes_an_empty_file_and_refuses_our_own_faults) {
  write_safetensors(test_file(), {});
  EXPECT_TRUE(SafetensorsFile(test_file()).tensors().empty());
  const std::vector<float> values = {1, 2};
  const TensorToWrite wrong[] = {{"w", DType::kFloat32, {3}, std::as_bytes(std::span(values))}};
  EXPECT_THROW(write_safetensors(test_file(), wrong), Error);
}

TEST(BadSafetensors, every_truncation_is_one_error_that_names_the_file) {
  tests::for_each_truncation(valid_bytes(), [](const std::string& bytes) { expect_refused(bytes, "m.safetensors"); });
}

TEST(BadSafetensors, every_flipped_byte_is_data_or_one_error) {
  tests::for_each_flip(valid_bytes(), [](const std::string& bytes) {
    tests::write_bytes(test_file(), bytes);
    tests::expect_data_error_or_success([] { SafetensorsFile{test_file()}; }, "m.safetensors");
  });
}

TEST(BadSafetensors, says_what_is_wrong_with_a_header) {
  const auto tensor = [](const std::string& name, const std::string& shape, const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
  };
  expect_refused(std::string(8, '\xff') + "{}", "announce a header");
  expect_refused(with_header("{" + tensor("a", "[1]", "[0,4]"), 4), "valid JSON");
  expect_refused(with_header("[]", 0), "JSON object");
  expect_refused(with_header("{" + tensor("a", "[1]", "[0,4]") + "," + tensor("a", "[1]", "[4,8]") + "}", 8), "once");
  expect_refused(with_header(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), "once");
  expect_refused(with_header("{" + tensor("a", "[2]", "[0,8]") + "," + tensor("b", "[1]", "[4,8]") + "}", 8),
                 "overlap");
  expect_refused(with_header("{" + tensor("a", "[1]", "[0,4]") + "," + tensor("b", "[1]", "[8,12]") + "}", 12), "gap");
  expect_refused(with_header("{" + tensor("a", "[1]", "[0,4]") + "}", 8), "4 data bytes, found 8");
  expect_refused(with_header("{" + tensor("a", "[2]", "[0,4]") + "}", 4), "tensor a: expected 8 bytes");
  expect_refused(with_header("{" + tensor("a", "[1]", "[0,400]") + "}", 4), "within 4 data bytes");
  expect_refused(with_header("{" + tensor("a", "[1]", "[4,0]") + "}", 4), "offsets that ascend");
  expect_refused(with_header("{" + tensor("a", "[-1]", "[0,4]") + "}", 4), "integers >= 0");
  expect_refused(with_header("{" + tensor("a", "[1e0]", "[0,4]") + "}", 4), "integers >= 0");
  expect_refused(with_header("{" + tensor("a", "[1152921504606846976,16]", "[0,4]") + "}", 4), "tensor a");
  expect_refused(with_header("{" + tensor("a", "1", "[0,4]") + "}", 4), "an object of dtype, shape");
  expect_refused(with_header(R"({"a":{"dtype":"F9","shape":[1],"data_offsets":[0,4]}})", 4), "known dtype");
  expect_refused(with_header(R"({"a":7})", 0), "tensor a");
  expect_refused(with_header(R"({"__metadata__":{"a":7}})", 0), "a text");
  expect_refused(with_header("{\"a\":" + std::string(100000, '['), 0), "deeper nesting");
  expect_refused(with_header("{\"\xff\":1}", 0), "valid JSON");
}

}  // namespace
}  // namespace gigahop::array
