#include "config/config.h"

#include <memory>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include "base/checksum.h"
#include "base/error.h"
#include "base/files.h"
#include "config/defaults.h"
#include "config/suggest.h"

namespace gigahop::config {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 20;  // fifty times src/proto/config.proto, comments and all

/// The text between the first two quotes from `from` on.
std::string quoted_after(const std::string& text, std::string_view from) {
  const size_t start = text.find(from);
  if (start == std::string::npos) return "";
  const size_t open = text.find('"', start);
  const size_t close = open == std::string::npos ? open : text.find('"', open + 1);
  return close == std::string::npos ? "" : text.substr(open + 1, close - open - 1);
}

/// A hint for protobuf's message about a field that does not exist; nothing for other messages.
std::string hint_for(const std::string& message) {
  const std::string field = quoted_after(message, "has no field named");
  const std::string type = quoted_after(message, "Message type");
  if (field.empty() || type.empty()) return "";
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  return descriptor == nullptr ? "" : "; " + suggest_field(*descriptor, field);
}

/// All of protobuf's complaints, one a line, as FILE:LINE:COLUMN: message.
class Complaints : public google::protobuf::io::ErrorCollector {
 public:
  explicit Complaints(std::string file) : file_(std::move(file)) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    text_ += fmt::format("{}{}:{}:{}: {}{}", text_.empty() ? "" : "\n", file_, line + 1, column + 1, message,
                         hint_for(message));
  }
  const std::string& text() const { return text_; }

 private:
  std::string file_;
  std::string text_;
};

}  // namespace

proto::Config load_config(const std::filesystem::path& path) {
  proto::Config config;
  if (path.empty()) return config;
  std::string text;
  try {
    text = read_text_stream(path, kMostBytes);
  } catch (const Error& error) {
    throw Error(ErrorKind::kConfig, error.what());
  }
  Complaints complaints(path.string());
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&complaints);
  if (!parser.ParseFromString(text, &config)) throw Error(ErrorKind::kConfig, complaints.text());
  return config;
}

std::string print_config(const proto::Config& config) {
  proto::Config complete = config;
  fill_defaults(complete);
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  printer.PrintToString(complete, &text);
  return text;
}

uint64_t fingerprint(const google::protobuf::Message& settings) {
  const std::unique_ptr<google::protobuf::Message> complete(settings.New());
  complete->CopyFrom(settings);
  fill_defaults(*complete);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    complete->SerializeToCodedStream(&coded);
  }
  return checksum_of(std::string_view(bytes));
}

}  // namespace gigahop::config
