#include "launch/prediction_table.h"

#include <algorithm>
#include <queue>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "train/predictor.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

/// By descending probability; equal ones by ascending id.
bool is_more_doubtful(const Misfiled& a, const Misfiled& b) {
  return a.probability != b.probability ? a.probability > b.probability : a.id < b.id;
}

}  // namespace

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + '"';
}

PredictionTable::PredictionTable(const fs::path& predictions, const graph::DatasetFolder& dataset)
    : dataset_(dataset),
      names_(dataset),
      predictions_(predictions / train::kPredictionsFile),
      probabilities_(predictions / train::kProbabilitiesFile) {
  predictions_.expect_shape({-1});
  probabilities_.expect_shape({predictions_.num_rows()});
  if (fs::exists(predictions / train::kNodesFile)) {
    nodes_ = array::NpyArray(predictions / train::kNodesFile);
    nodes_.expect_shape({predictions_.num_rows()});
  } else {
    predictions_.expect_shape({dataset.manifest().num_nodes()});
  }
}

OriginalId PredictionTable::id_of(int64_t row) const {
  if (!nodes_.is_open()) return OriginalId(row);
  const OriginalId id = nodes_.values<OriginalId>()[static_cast<size_t>(row)];
  const int64_t num_nodes = dataset_.manifest().num_nodes();
  if (id.value >= 0 && id.value < num_nodes) return id;
  throw data_error(fmt::format("{}[{}]", nodes_.path().string(), row), fmt::format("a node in [0, {})", num_nodes),
                   fmt::format("{}", id.value));
}

int64_t PredictionTable::label_of(OriginalId id) const {
  return dataset_.has_labels() ? dataset_.labels()[static_cast<size_t>(id.value)] : -1;
}

void PredictionTable::write_csv(const fs::path& path) const {
  constexpr size_t kChunkBytes = size_t{1} << 20;
  const fs::path partial = partial_path(path);
  OutputFile file(partial);
  std::string chunk = "id,name,predicted,probability,true\n";
  const auto flush = [&] {
    file.append(std::as_bytes(std::span(chunk)));
    chunk.clear();
  };
  const auto class_name = [&](int64_t number) { return graph::class_name(dataset_.manifest(), number); };
  const std::span<const int64_t> classes = predictions_.values<int64_t>();
  const std::span<const float> probabilities = probabilities_.values<float>();
  for (size_t row = 0; row < classes.size(); ++row) {
    const OriginalId id = id_of(static_cast<int64_t>(row));
    const int64_t label = label_of(id);
    fmt::format_to(std::back_inserter(chunk), "{},{},{},{:.6f},{}\n", id.value,
                   names_.exist() ? csv_field(names_.name(id)) : "", csv_field(class_name(classes[row])),
                   probabilities[row], label < 0 ? "" : csv_field(class_name(label)));
    if (chunk.size() >= kChunkBytes) flush();
  }
  flush();
  file.close();
  fs::rename(partial, path);
  sync_folder(path.parent_path());
}

std::vector<Misfiled> PredictionTable::find_misfiled(int64_t count) const {
  std::priority_queue<Misfiled, std::vector<Misfiled>, decltype(&is_more_doubtful)> least(&is_more_doubtful);
  const std::span<const int64_t> classes = predictions_.values<int64_t>();
  const std::span<const float> probabilities = probabilities_.values<float>();
  for (size_t row = 0; row < classes.size(); ++row) {
    const OriginalId id = id_of(static_cast<int64_t>(row));
    const int64_t label = label_of(id);
    if (label < 0 || label == classes[row]) continue;
    least.push({.id = id, .label = label, .predicted = classes[row], .probability = probabilities[row]});
    if (static_cast<int64_t>(least.size()) > count) least.pop();
  }
  std::vector<Misfiled> nodes;
  for (; !least.empty(); least.pop()) nodes.push_back(least.top());
  std::ranges::reverse(nodes);
  return nodes;
}

}  // namespace gigahop::launch
