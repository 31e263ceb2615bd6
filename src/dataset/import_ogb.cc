#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "dataset/attributes.h"
#include "dataset/edge_source.h"
#include "dataset/fields.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;

constexpr char kOneGraphHint[] = "only datasets of one graph can be imported";

std::string file_name(Split split) {
  return fmt::format("{}.csv.gz", name(split));
}

/// The folder of the wanted split, or of the only one.
fs::path find_split(const OgbOptions& options) {
  const fs::path parent = options.folder / "split";
  std::vector<std::string> found;
  if (fs::is_directory(parent)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(parent)) {
      if (entry.is_directory()) found.push_back(entry.path().filename().string());
    }
  }
  std::sort(found.begin(), found.end());
  if (!options.split.empty() && std::find(found.begin(), found.end(), options.split) != found.end()) {
    return parent / options.split;
  }
  if (options.split.empty() && found.size() == 1) return parent / found[0];
  throw data_error(parent.string(), options.split.empty() ? "one folder" : fmt::format("a folder {}", options.split),
                   found.empty() ? "none" : fmt::format("{}", fmt::join(found, ", ")),
                   found.size() > 1 ? "say which split" : "is this a folder of the Open Graph Benchmark?");
}

/// The single number of num-node-list.csv.gz or num-edge-list.csv.gz.
int64_t read_single_count(const fs::path& path) {
  LineReader reader(path);
  std::string_view line;
  if (!reader.next(line)) throw data_error(reader.name(), "one number", "an empty file");
  const int64_t count = parse_integer(take_field(line), reader);
  if (!take_field(line).empty() || reader.next(line)) {
    throw data_error(reader.name(), "one number, for one graph", "several", kOneGraphHint);
  }
  return count;
}

int64_t read_single_count(ArrayStream stream) {
  if (stream.num_elements() != 1) {
    throw data_error(stream.name(), "one number, for one graph", stream.describe(), kOneGraphHint);
  }
  int64_t count = 0;
  stream.read(std::span(&count, 1));
  return count;
}

void expect_edges(int64_t found, int64_t expected, const std::string& place) {
  if (found == expected) return;
  throw data_error(place, fmt::format("{} edges, as the list of edge numbers says", expected), fmt::format("{}", found),
                   "the folder is incomplete or damaged");
}

void copy_splits(const fs::path& folder, DatasetWriter& writer) {
  for (const Split split : kSplits) copy_split(LineReader(folder / file_name(split)), split, writer);
}

void copy_csv(const fs::path& raw, const fs::path& split, DatasetWriter& writer) {
  const fs::path nodes = raw / "num-node-list.csv.gz";
  writer.set_num_nodes(read_single_count(nodes), nodes.string());
  const int64_t num_edges = read_single_count(raw / "num-edge-list.csv.gz");
  if (fs::exists(raw / "node-feat.csv.gz")) copy_features(LineReader(raw / "node-feat.csv.gz"), writer);
  copy_labels(LineReader(raw / "node-label.csv.gz"), writer);
  copy_splits(split, writer);
  copy_edges(LineReader(raw / "edge.csv.gz"), writer);
  expect_edges(writer.num_edges(), num_edges, (raw / "edge.csv.gz").string());
}

void copy_binary(const fs::path& raw, const fs::path& split, DatasetWriter& writer) {
  const fs::path data = raw / "data.npz";
  const array::NpzReader archive(data);
  const auto open = [&](std::string_view array_name) { return ArrayStream::open_npz(archive, data, array_name); };
  ArrayStream num_nodes = open("num_nodes_list");
  const std::string nodes_place = num_nodes.name();
  writer.set_num_nodes(read_single_count(std::move(num_nodes)), nodes_place);
  const int64_t num_edges = read_single_count(open("num_edges_list"));
  const fs::path label_file = raw / "node-label.npz";
  copy_labels(ArrayStream::open_npz(array::NpzReader(label_file), label_file, "node_label"), writer);
  copy_splits(split, writer);
  copy_edges(open("edge_index"), EdgeLayout::kRows, writer);
  expect_edges(writer.num_edges(), num_edges, data.string());
  if (archive.contains("node_feat")) copy_features(open("node_feat"), writer);
}

}  // namespace

ImportSummary import_ogb(const OgbOptions& options, const Destination& destination) {
  DatasetWriter writer(destination, options.direction, options.nan);
  const fs::path raw = options.folder / "raw";
  const fs::path split = find_split(options);
  if (fs::exists(raw / "data.npz")) {
    copy_binary(raw, split, writer);
  } else if (fs::exists(raw / "edge.csv.gz")) {
    copy_csv(raw, split, writer);
  } else {
    throw data_error(raw.string(), "edge.csv.gz or data.npz", "neither",
                     "give the folder that holds raw/ and split/, as the Open Graph Benchmark unpacks it");
  }
  copy_positional(options.positional, writer);
  return writer.finish();
}

}  // namespace gigahop::dataset
