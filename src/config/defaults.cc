#include "config/defaults.h"

#include <string>

namespace gigahop::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void fill_scalar(Message& settings, const FieldDescriptor& field) {
  const Reflection& reflection = *settings.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&settings, &field, field.default_value_int32());
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&settings, &field, field.default_value_int64());
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&settings, &field, field.default_value_uint32());
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(&settings, &field, field.default_value_uint64());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&settings, &field, field.default_value_double());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.SetFloat(&settings, &field, field.default_value_float());
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&settings, &field, field.default_value_bool());
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnum(&settings, &field, field.default_value_enum());
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&settings, &field, field.default_value_string());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

}  // namespace

void fill_defaults(Message& settings) {
  const Reflection& reflection = *settings.GetReflection();
  const google::protobuf::Descriptor& descriptor = *settings.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.is_repeated()) continue;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      fill_defaults(*reflection.MutableMessage(&settings, &field));
    } else if (field.has_default_value()) {
      if (!reflection.HasField(settings, &field)) fill_scalar(settings, field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && reflection.GetString(settings, &field).empty()) {
      reflection.ClearField(&settings, &field);
    }
  }
}

}  // namespace gigahop::config
