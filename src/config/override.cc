#include <algorithm>
#include <cctype>
#include <memory>

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/stubs/strutil.h>
#include <google/protobuf/text_format.h>

#include "base/error.h"
#include "config/config.h"
#include "config/suggest.h"

namespace gigahop::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// Swallows protobuf's own words: the caller says what was expected.
class Silence : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string expected_value(const FieldDescriptor& field) {
  const std::string one = field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM
                              ? list_values(*field.enum_type())
                              : fmt::format("a value of type {}", field.cpp_type_name());
  return field.is_repeated() ? fmt::format("{}, or [several, of, them]", one) : one;
}

/// One value as text format wants it: strings quoted, names of enums in capitals.
std::string text_of_value(const FieldDescriptor& field, std::string_view value) {
  std::string text(trimmed(value));
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? text : '"' + google::protobuf::CEscape(text) + '"';
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  }
  return text;
}

std::string text_of_field(const FieldDescriptor& field, std::string_view value) {
  value = trimmed(value);
  const bool is_list = field.is_repeated() && value.size() >= 2 && value.front() == '[' && value.back() == ']';
  if (!is_list) return fmt::format("{}: {}", field.name(), text_of_value(field, value));
  std::string_view rest = trimmed(value.substr(1, value.size() - 2));
  std::string elements;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    elements += (elements.empty() ? "" : ", ") + text_of_value(field, rest.substr(0, comma));
    rest = rest.substr(std::min(comma + 1, rest.size()));
  }
  return fmt::format("{}: [{}]", field.name(), elements);
}

/// Parsed on its own first, so that a value cannot carry a second field, and a bad one changes nothing.
void set_field(Message& settings, const FieldDescriptor& field, std::string_view path, std::string_view value) {
  const std::unique_ptr<Message> parsed(settings.New());
  Silence silence;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silence);
  std::vector<const FieldDescriptor*> fields;
  const bool understood = parser.ParseFromString(text_of_field(field, value), parsed.get());
  if (understood) parsed->GetReflection()->ListFields(*parsed, &fields);
  const bool cleared = field.is_repeated() && fields.empty();
  if (!understood || !(cleared || (fields.size() == 1 && fields[0] == &field))) {
    throw config_error(path, expected_value(field), value);
  }
  settings.GetReflection()->ClearField(&settings, &field);
  settings.MergeFrom(*parsed);
}

}  // namespace

void apply_override(proto::Config& config, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos) {
    throw config_error(assignment, "path=value", "no \"=\"", "write for example train.epochs=3");
  }
  const std::string path(trimmed(std::string_view(assignment).substr(0, equals)));
  const std::string_view value = std::string_view(assignment).substr(equals + 1);

  Message* settings = &config;
  std::string_view rest = path;
  for (;;) {
    const size_t dot = rest.find('.');
    const std::string name(rest.substr(0, dot));
    const FieldDescriptor* field = settings->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) {
      throw config_error(path, "the name of a setting", name, suggest_field(*settings->GetDescriptor(), name));
    }
    const bool is_group = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (dot == std::string_view::npos) {
      if (is_group) {
        throw config_error(path, "the name of a setting", "a group of settings",
                           "name one of them, for example " + path + "." + field->message_type()->field(0)->name());
      }
      return set_field(*settings, *field, path, value);
    }
    if (!is_group) throw config_error(path, "nothing after " + name, rest.substr(dot));
    settings = settings->GetReflection()->MutableMessage(settings, field);
    rest = rest.substr(dot + 1);
  }
}

}  // namespace gigahop::config
