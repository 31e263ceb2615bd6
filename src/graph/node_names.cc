#include "graph/node_names.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/edit_distance.h"
#include "base/error.h"

namespace gigahop::graph {
namespace {

constexpr int64_t kLinesPerStart = 256;

size_t difference(size_t a, size_t b) {
  return a > b ? a - b : b - a;
}

std::optional<int64_t> parse_id(std::string_view text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace

NodeNames::NodeNames(const DatasetFolder& dataset) : num_nodes_(dataset.manifest().num_nodes()) {
  if (array::find_record(dataset.manifest().arrays(), kNamesFile) == nullptr) return;
  file_ = MappedFile(dataset.path() / kNamesFile);
  int64_t line = 0;
  for (size_t begin = 0; begin < text().size(); begin += line_at(begin).size() + 1) {
    if (line++ % kLinesPerStart == 0) starts_.push_back(begin);
  }
  if (line != num_nodes_) {
    throw data_error(file_.path().string(), fmt::format("{} lines, one for each node", num_nodes_),
                     fmt::format("{}", line));
  }
}

std::string_view NodeNames::text() const {
  return {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()};
}

std::string_view NodeNames::line_at(size_t begin) const {
  const std::string_view rest = text().substr(begin);
  return rest.substr(0, rest.find('\n'));
}

std::string_view NodeNames::name(OriginalId id) const {
  require(exist() && id.value >= 0 && id.value < num_nodes_, "a node of a dataset with names");
  size_t begin = starts_[static_cast<size_t>(id.value / kLinesPerStart)];
  for (int64_t i = 0; i < id.value % kLinesPerStart; ++i) begin += line_at(begin).size() + 1;
  return line_at(begin);
}

std::string NodeNames::name_or_id(OriginalId id) const {
  return exist() ? std::string(name(id)) : fmt::format("{}", id.value);
}

std::optional<OriginalId> NodeNames::find(std::string_view name) const {
  OriginalId id(0);
  for (size_t begin = 0; begin < text().size(); begin += line_at(begin).size() + 1, ++id) {
    if (line_at(begin) == name) return id;
  }
  return std::nullopt;
}

std::vector<std::string> NodeNames::nearest(std::string_view name, size_t count) const {
  using Candidate = std::pair<size_t, std::string_view>;
  const auto is_nearer = [](const Candidate& a, const Candidate& b) { return a.first < b.first; };
  std::vector<Candidate> kept;  // ascending
  for (size_t begin = 0; begin < text().size() && count > 0; begin += line_at(begin).size() + 1) {
    const std::string_view line = line_at(begin);
    const bool is_full = kept.size() == count;
    if (is_full && difference(line.size(), name.size()) >= kept.back().first) continue;
    const Candidate candidate{edit_distance(name, line), line};
    if (is_full && candidate.first >= kept.back().first) continue;
    if (is_full) kept.pop_back();
    kept.insert(std::upper_bound(kept.begin(), kept.end(), candidate, is_nearer), candidate);
  }
  std::vector<std::string> names;
  for (const Candidate& candidate : kept) names.emplace_back(candidate.second);
  return names;
}

std::string class_name(const proto::Dataset& dataset, int64_t number) {
  const bool is_named = number >= 0 && number < dataset.class_names_size();
  return is_named ? dataset.class_names(static_cast<int>(number)) : fmt::format("{}", number);
}

OriginalId find_node(const NodeNames& names, int64_t num_nodes, std::string_view name_or_id, std::string_view place) {
  if (names.exist()) {
    if (const std::optional<OriginalId> found = names.find(name_or_id)) return *found;
  }
  const std::optional<int64_t> id = parse_id(name_or_id);
  if (id.has_value() && *id >= 0 && *id < num_nodes) return OriginalId(*id);
  constexpr size_t kSuggestions = 5;
  throw config_error(
      place, fmt::format("{}an id in [0, {})", names.exist() ? "the name of a node, or " : "", num_nodes),
      std::string(name_or_id),
      names.exist() ? fmt::format("nearest: {}", fmt::join(names.nearest(name_or_id, kSuggestions), ", ")) : "");
}

}  // namespace gigahop::graph
