#include <cstring>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "train/event_file.h"
#include "train/metrics_log.h"

namespace gigahop::train {
namespace {

namespace fs = std::filesystem;

fs::path empty_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / "metrics_test" / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

std::string bytes_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

template <class T>
T read_number(const std::string& bytes, size_t offset) {
  T value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// CRC-32C one bit at a time, from the polynomial: slow and without a table.
uint32_t bitwise_crc(const std::string& bytes) {
  uint32_t crc = 0xffffffff;
  for (const unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78 * (crc & 1));
  }
  return ~crc;
}

uint32_t masked(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
}

/// The events of a file; every length and sum is checked.
std::vector<proto::TensorBoardEvent> read_events(const std::string& bytes) {
  std::vector<proto::TensorBoardEvent> events;
  for (size_t at = 0; at < bytes.size();) {
    const auto length = read_number<uint64_t>(bytes, at);
    EXPECT_EQ(read_number<uint32_t>(bytes, at + 8), masked(bitwise_crc(bytes.substr(at, 8))));
    const std::string data = bytes.substr(at + 12, length);
    EXPECT_EQ(read_number<uint32_t>(bytes, at + 12 + length), masked(bitwise_crc(data)));
    EXPECT_TRUE(events.emplace_back().ParseFromString(data));
    at += 16 + length;
  }
  return events;
}

proto::Metrics line(int64_t step, double loss) {
  proto::Metrics metrics;
  metrics.set_kind("epoch");
  metrics.set_step(step);
  metrics.set_loss(loss);
  return metrics;
}

std::vector<int64_t> steps_of(const fs::path& folder) {
  std::vector<int64_t> steps;
  for (const proto::Metrics& metrics : read_metrics(folder / kMetricsFile)) steps.push_back(metrics.step());
  return steps;
}

TEST(Crc32c, has_the_published_check_values) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);  // RFC 3720, B.4
}

TEST(EventFile, opens_with_the_version_and_holds_a_point_for_each_metric) {
  const fs::path folder = empty_folder("events");
  EventFile file(folder);
  EXPECT_TRUE(file.path().filename().string().starts_with("events.out.tfevents."));
  proto::Metrics metrics = line(7, 0.25);
  metrics.set_valid_accuracy(0.75);
  metrics.set_codewords_used(12);
  EXPECT_TRUE(file.append(metrics));

  const auto events = read_events(bytes_of(file.path()));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].step(), 7);
  std::map<std::string, float> points;
  for (const auto& value : events[1].summary().value()) points[value.tag()] = value.simple_value();
  const std::map<std::string, float> expected = {
      {"train/loss", 0.25F}, {"accuracy/valid", 0.75F}, {"train/codewords_used", 12}};
  EXPECT_EQ(points, expected);
}

TEST(MetricsLog, keeps_one_json_line_for_each_call_in_full_precision) {
  const fs::path folder = empty_folder("lines");
  MetricsLog log(folder, -1);
  log.append(line(1, 0.1));
  log.append(line(2, 1.0 / 3.0));
  const std::vector<proto::Metrics> lines = read_metrics(folder / kMetricsFile);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].loss(), 1.0 / 3.0);
  EXPECT_NE(bytes_of(folder / kMetricsFile).find("\"kind\":\"epoch\""), std::string::npos);
}

TEST(MetricsLog, a_resumed_run_drops_the_lines_beyond_its_checkpoint) {
  const fs::path folder = empty_folder("resumed");
  {
    MetricsLog log(folder, -1);
    for (const int64_t step : {10, 20, 30}) log.append(line(step, 1));
  }
  std::ofstream(folder / kMetricsFile, std::ios::app) << "{\"kind\": \"epo";  // what a crash may leave
  {
    MetricsLog log(folder, 20);
    EXPECT_EQ(steps_of(folder), (std::vector<int64_t>{10, 20}));
    log.append(line(30, 1));
  }
  EXPECT_EQ(steps_of(folder), (std::vector<int64_t>{10, 20, 30}));
  MetricsLog fresh(folder, -1);
  EXPECT_TRUE(steps_of(folder).empty());
}

}  // namespace
}  // namespace gigahop::train
