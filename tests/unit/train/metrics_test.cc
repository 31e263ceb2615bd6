#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "train/codebook_use.h"
#include "train/confusion.h"
#include "train/event_file.h"
#include "train/histogram.h"
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

TEST(EventFile, holds_the_settings_as_text_and_histograms_by_tag) {
  const fs::path folder = empty_folder("text");
  EventFile file(folder);
  EXPECT_TRUE(file.append_text("settings", "train { epochs: 3 }"));
  const std::vector<float> values = {-1, 0, 0.5, 1, HUGE_VALF};
  EXPECT_TRUE(file.append_histograms(20, {{"parameters/bias", histogram_of(values)}}));

  const auto events = read_events(bytes_of(file.path()));
  ASSERT_EQ(events.size(), 3U);
  const proto::TensorBoardValue& text = events[1].summary().value(0);
  EXPECT_EQ(text.tag(), "settings");
  EXPECT_EQ(text.tensor().string_val(0), "train { epochs: 3 }");
  EXPECT_EQ(text.metadata().plugin_data().plugin_name(), "text");
  EXPECT_EQ(events[2].step(), 20);
  const proto::TensorBoardHistogram& histogram = events[2].summary().value(0).histo();
  EXPECT_EQ(histogram.num(), 4);
  EXPECT_EQ(histogram.sum(), 0.5);
  EXPECT_EQ(histogram.sum_squares(), 2.25);
}

TEST(HistogramOf, counts_every_finite_number_once_below_its_limit) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<float>(i * i));
  const proto::TensorBoardHistogram histogram = histogram_of(values);
  double below = 0;
  for (int i = 0; i < histogram.bucket_size(); ++i) {
    below += histogram.bucket(i);
    const double limit = histogram.bucket_limit(i);
    const auto expected = std::ranges::count_if(values, [&](float value) { return value < limit; });
    if (i + 1 < histogram.bucket_size()) {
      EXPECT_NEAR(below, static_cast<double>(expected), 1) << limit;
    } else {
      EXPECT_EQ(below, 1000);
      EXPECT_EQ(limit, 999.0 * 999.0);
    }
  }
  EXPECT_EQ(histogram_of(std::vector<float>{3, 3}).bucket_size(), 1);
  EXPECT_EQ(histogram_of({}).num(), 0);
}

TEST(CodebookUse, has_the_perplexity_of_codewords_that_are_used_evenly) {
  proto::Metrics metrics;
  add_codebook_use(std::vector<float>{5, 0, 5, 5, 0, 5}, metrics);
  EXPECT_EQ(metrics.codewords_used(), 4);
  EXPECT_NEAR(metrics.codebook_perplexity(), 4, 1e-12);
}

TEST(Confusion, of_the_latest_evaluation_is_kept) {
  const fs::path folder = empty_folder("confusion");
  EXPECT_FALSE(read_confusion(folder).has_value());
  ConfusionCounts valid(2);
  ConfusionCounts test(2);
  valid.add(std::vector<int32_t>{0, 0, 1}, std::vector<int32_t>{0, 1, 1});
  write_confusion(folder, 10, valid, test);
  test.add(std::vector<int32_t>{1}, std::vector<int32_t>{0});
  write_confusion(folder, 20, valid, test);
  const std::optional<Confusion> read = read_confusion(folder);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->step, 20);
  EXPECT_EQ(read->valid, (std::vector<int64_t>{1, 1, 0, 1}));
  EXPECT_EQ(read->test, (std::vector<int64_t>{0, 0, 1, 0}));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

TEST(Confusion, is_not_counted_for_very_many_classes) {
  ConfusionCounts counts(kMostConfusedClasses + 1);
  counts.add(std::vector<int32_t>{0}, std::vector<int32_t>{600});
  EXPECT_TRUE(counts.counts().empty());
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
