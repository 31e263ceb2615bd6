/// One form for equal settings: every default written out, nothing else.
#pragma once

#include <google/protobuf/message.h>

namespace gigahop::config {

/// Sets every field that has a default and is not set, in sub-messages too; clears strings that are set to nothing
/// where nothing is what an unset string means. After it, equal settings are equal messages.
void fill_defaults(google::protobuf::Message& settings);

}  // namespace gigahop::config
