/// Settings as a list of paths and values, to show and to compare.
#pragma once

#include <string>
#include <vector>

#include "proto/config.pb.h"

namespace gigahop::config {

struct Setting {
  std::string path;   // "train.epochs", as --set takes it
  std::string value;  // as text format writes it: "3", "COSINE", "[0, 1]"
  bool operator==(const Setting&) const = default;
};

/// Every setting, defaults included, in the order of config.proto: the same paths for any two configurations. Pure.
std::vector<Setting> list_settings(const proto::Config& config);

}  // namespace gigahop::config
