#include "config/suggest.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace gigahop::config {
namespace {

/// Insertions, deletions and replacements between two words (Levenshtein).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

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
