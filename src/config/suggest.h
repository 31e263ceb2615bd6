/// What a misspelt name may have meant, for the hints of error messages.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

namespace gigahop::config {

/// "did you mean epochs?" for the field nearest in spelling, or the list of fields where none is near. Pure.
std::string suggest_field(const google::protobuf::Descriptor& message, std::string_view misspelt);

/// "one of FULL, LOCAL, GLOBAL, NONE". Pure.
std::string list_values(const google::protobuf::EnumDescriptor& type);

}  // namespace gigahop::config
