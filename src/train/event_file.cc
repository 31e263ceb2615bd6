#include "train/event_file.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::train {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  constexpr uint32_t kReversedPolynomial = 0x82f63b78;
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    table[i] = crc;
  }
  return table;
}();

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> text = {};
  return gethostname(text.data(), text.size() - 1) == 0 ? text.data() : "localhost";
}

/// The curve of a metric: one group per kind of question.
std::string tag_of(const std::string& field) {
  if (field.ends_with("_accuracy")) return "accuracy/" + field.substr(0, field.size() - std::strlen("_accuracy"));
  if (field.ends_with("_share")) return "share/" + field.substr(0, field.size() - std::strlen("_share"));
  return "train/" + field;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = 0xffffffff;
  for (const char byte : bytes) crc = kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

uint32_t masked_crc32c(std::string_view bytes) {
  constexpr uint32_t kMask = 0xa282ead8;
  return std::rotr(crc32c(bytes), 15) + kMask;
}

std::string format_record(const proto::TensorBoardEvent& event) {
  const std::string data = event.SerializeAsString();
  const std::string length = raw(static_cast<uint64_t>(data.size()));
  return length + raw(masked_crc32c(length)) + data + raw(masked_crc32c(data));
}

EventFile::EventFile(const std::filesystem::path& folder) {
  const double now = now_seconds();
  path_ = folder / fmt::format("events.out.tfevents.{:.0f}.{}.{}", now, host_name(), getpid());
  stream_.open(path_, std::ios::binary | std::ios::app);
  proto::TensorBoardEvent event;
  event.set_wall_time(now);
  event.set_file_version("brain.Event:2");
  if (!stream_.is_open() || !write(event)) {
    throw data_error(path_.string(), "a file that can be written", std::strerror(errno));
  }
}

bool EventFile::append(const proto::Metrics& metrics) {
  proto::TensorBoardEvent event;
  event.set_wall_time(now_seconds());
  event.set_step(metrics.step());
  const google::protobuf::Reflection& reflection = *metrics.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(metrics, &fields);
  for (const auto* field : fields) {
    const bool is_real = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE;
    const bool is_whole = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT64;
    if ((!is_real && !is_whole) || field->name() == "step") continue;
    const double value =
        is_real ? reflection.GetDouble(metrics, field) : static_cast<double>(reflection.GetInt64(metrics, field));
    proto::TensorBoardValue& point = *event.mutable_summary()->add_value();
    point.set_tag(tag_of(field->name()));
    point.set_simple_value(static_cast<float>(value));
  }
  return write(event);
}

bool EventFile::append_text(const std::string& tag, const std::string& text) {
  constexpr int32_t kStrings = 7;  // DT_STRING of tensorflow/core/framework/types.proto
  proto::TensorBoardEvent event;
  event.set_wall_time(now_seconds());
  event.set_step(0);
  proto::TensorBoardValue& value = *event.mutable_summary()->add_value();
  value.set_tag(tag);
  value.mutable_tensor()->set_dtype(kStrings);
  value.mutable_tensor()->add_string_val(text);
  value.mutable_metadata()->mutable_plugin_data()->set_plugin_name("text");
  return write(event);
}

bool EventFile::append_histograms(int64_t step, const std::map<std::string, proto::TensorBoardHistogram>& histograms) {
  proto::TensorBoardEvent event;
  event.set_wall_time(now_seconds());
  event.set_step(step);
  for (const auto& [tag, histogram] : histograms) {
    proto::TensorBoardValue& value = *event.mutable_summary()->add_value();
    value.set_tag(tag);
    *value.mutable_histo() = histogram;
  }
  return write(event);
}

bool EventFile::write(const proto::TensorBoardEvent& event) {
  const std::string record = format_record(event);
  stream_.clear();
  stream_.write(record.data(), static_cast<std::streamsize>(record.size())).flush();
  return stream_.good();
}

}  // namespace gigahop::train
