/// Settings: defaults of src/proto/config.proto, then a file, then --set path=value; then checked, all problems at
/// once.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "proto/config.pb.h"

namespace gigahop::config {

/// Error{kConfig} with line and column for what is no field or no value; not yet validated. An empty path: the
/// defaults.
proto::Config load_config(const std::filesystem::path& path);

/// Applies "train.epochs=3" or "encode.fastrp_weights=[0,1,2]"; enums by name.
void apply_override(proto::Config& config, const std::string& assignment);

/// Error{kConfig} that lists every value out of its range.
void validate(const proto::Config& config);

/// Every setting with its value, defaults included, as a text proto that load_config reads back.
std::string print_config(const proto::Config& config);

/// XXH3-64 of a message's settings, defaults filled in: equal settings, equal number.
uint64_t fingerprint(const google::protobuf::Message& settings);

}  // namespace gigahop::config
