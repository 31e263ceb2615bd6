#include "config/settings.h"

#include <google/protobuf/text_format.h>

#include "config/defaults.h"

namespace gigahop::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

std::string value_of(const Message& group, const FieldDescriptor& field) {
  std::string text;
  if (!field.is_repeated()) {
    TextFormat::PrintFieldValueToString(group, &field, -1, &text);
    return text;
  }
  for (int i = 0; i < group.GetReflection()->FieldSize(group, &field); ++i) {
    std::string element;
    TextFormat::PrintFieldValueToString(group, &field, i, &element);
    text += (text.empty() ? "" : ", ") + element;
  }
  return "[" + text + "]";
}

void add_settings(const Message& group, const std::string& prefix, std::vector<Setting>& settings) {
  for (int i = 0; i < group.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *group.GetDescriptor()->field(i);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      add_settings(group.GetReflection()->GetMessage(group, &field), prefix + field.name() + ".", settings);
    } else {
      settings.push_back({prefix + field.name(), value_of(group, field)});
    }
  }
}

}  // namespace

std::vector<Setting> list_settings(const proto::Config& config) {
  proto::Config complete = config;
  fill_defaults(complete);
  std::vector<Setting> settings;
  add_settings(complete, "", settings);
  return settings;
}

}  // namespace gigahop::config
