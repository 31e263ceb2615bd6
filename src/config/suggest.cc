#include "config/suggest.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/edit_distance.h"

namespace gigahop::config {
std::string suggest_field(const google::protobuf::Descriptor& message, std::string_view misspelt) {
  std::string nearest;
  std::string all;
  size_t least = std::max<size_t>(2, misspelt.size() / 3) + 1;
  for (int i = 0; i < message.field_count(); ++i) {
    const std::string& candidate = message.field(i)->name();
    all += (i == 0 ? "" : ", ") + candidate;
    const size_t distance = edit_distance(misspelt, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest.empty() ? "the fields here are " + all : fmt::format("did you mean {}?", nearest);
}

std::string list_values(const google::protobuf::EnumDescriptor& type) {
  std::string names = "one of ";
  for (int i = 0; i < type.value_count(); ++i) names += (i == 0 ? "" : ", ") + type.value(i)->name();
  return names;
}

}  // namespace gigahop::config
