#include "graph/part_export.h"

#include <iterator>
#include <map>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "graph/shard.h"

namespace gigahop::graph {
namespace {

namespace fs = std::filesystem;

/// Text on its way to a file.
class Lines {
 public:
  explicit Lines(const fs::path& path) : path_(path), file_(partial_path(path)) {}

  template <class... Values>
  void add(fmt::format_string<Values...> form, Values&&... values) {
    constexpr size_t kChunkBytes = size_t{1} << 20;
    fmt::format_to(std::back_inserter(chunk_), form, std::forward<Values>(values)...);
    if (chunk_.size() >= kChunkBytes) flush();
  }

  void finish() {
    flush();
    file_.close();
    fs::rename(file_.path(), path_);
    sync_folder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
  }

 private:
  void flush() {
    file_.append(std::as_bytes(std::span(chunk_)));
    chunk_.clear();
  }

  fs::path path_;
  OutputFile file_;
  std::string chunk_;
};

/// Original ids of the nodes of any part; a part is opened when it is first asked for.
class OriginalIds {
 public:
  OriginalIds(const fs::path& folder, const proto::Partition& partition)
      : folder_(folder), partition_(partition), map_(partition_map(partition)) {}

  OriginalId of(GlobalId id) {
    const int part = map_.owner(id);
    const Shard& shard = shards_.try_emplace(part, folder_, partition_, part).first->second;
    return shard.original_ids()[static_cast<size_t>(id.value - map_.first_node(part).value)];
  }

 private:
  const fs::path& folder_;
  const proto::Partition& partition_;
  PartitionMap map_;
  std::map<int, Shard> shards_;
};

int64_t write_edges(const Shard& shard, OriginalIds& original, Lines& lines) {
  const CsrView<LocalId> edges = shard.edges();
  for (int64_t row = 0; row < shard.num_owned(); ++row) {
    const OriginalId source = shard.original_ids()[static_cast<size_t>(row)];
    for (const LocalId column : edges.neighbours(row)) {
      const bool is_owned = column.value < shard.num_owned();
      const OriginalId target =
          is_owned ? shard.original_ids()[static_cast<size_t>(column.value)]
                   : original.of(shard.halo_ids()[static_cast<size_t>(column.value - shard.num_owned())]);
      lines.add("{} {}\n", source.value, target.value);
    }
  }
  return shard.num_edges();
}

int64_t write_metis(const Shard& shard, Lines& lines) {
  const CsrView<LocalId> edges = shard.edges();
  int64_t num_entries = 0;
  for (const LocalId column : edges.column_ids) num_entries += column.value < shard.num_owned() ? 1 : 0;
  lines.add("{} {}\n", shard.num_owned(), num_entries / 2);
  for (int64_t row = 0; row < shard.num_owned(); ++row) {
    const char* between = "";
    for (const LocalId column : edges.neighbours(row)) {
      if (column.value >= shard.num_owned()) continue;
      lines.add("{}{}", between, column.value + 1);
      between = " ";
    }
    lines.add("\n");
  }
  return num_entries / 2;
}

}  // namespace

int64_t export_part(const fs::path& partition_folder, int64_t part, ExportFormat format, const fs::path& file) {
  const proto::Partition partition = read_partition_manifest(partition_folder);
  if (part < 0 || part >= partition.num_parts()) {
    throw config_error("--part", fmt::format("a part in [0, {})", partition.num_parts()), fmt::format("{}", part));
  }
  if (format == ExportFormat::kMetis && partition.directed()) {
    throw config_error("--format", "EDGES for a directed graph", "METIS", "the format has undirected graphs alone");
  }
  const Shard shard(partition_folder, partition, static_cast<int>(part));
  check_structure(shard, partition);
  OriginalIds original(partition_folder, partition);
  Lines lines(file);
  const int64_t num_edges =
      format == ExportFormat::kMetis ? write_metis(shard, lines) : write_edges(shard, original, lines);
  lines.finish();
  return num_edges;
}

}  // namespace gigahop::graph
