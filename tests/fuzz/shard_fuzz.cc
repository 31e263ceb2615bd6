/// Shards: the first byte of the input picks a file of a whole partition folder; the others take the place of a
/// manifest, or of the first bytes of an array's data, so that what is wrong lies deeper than its size.
#include <algorithm>
#include <map>
#include <vector>

#include "base/files.h"
#include "graph/local_graph.h"
#include "support/tiny_graphs.h"
#include "target.h"

using namespace gigahop;

namespace {

namespace fs = std::filesystem;

constexpr size_t kHeaderBytes = 128;

/// Files of the folder by their name within scratch(), as they were written.
std::map<std::string, std::string> make_partition() {
  tests::PartitionInput input = tests::tiny_input(tests::cycle(8), 2, 1);
  input.encoded = tests::Encoded::kYes;
  const fs::path folder = fuzz::scratch() / "partition";
  tests::write_partition_folder(folder, input);
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[fs::relative(entry.path(), fuzz::scratch()).string()] = read_text_file(entry.path());
  }
  return files;
}

std::string changed(const std::string& name, std::string good, std::string_view bytes) {
  if (name.ends_with(".textproto")) return std::string(bytes);
  bytes = bytes.substr(0, good.size() - std::min(kHeaderBytes, good.size()));
  std::copy(bytes.begin(), bytes.end(), good.begin() + kHeaderBytes);
  return good;
}

void open_graph() {
  const graph::LocalGraph graph(fuzz::scratch() / "partition", {0, 1}, 0);
  for (const graph::Shard& shard : graph.shards()) {
    shard.features();
    shard.tokens();
    shard.positional();
  }
  for (int64_t row = 0; row < graph.num_owned() + graph.num_halo(); ++row) {
    graph.row_on_owner(graph.global_id(LocalId(static_cast<int32_t>(row))));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::map<std::string, std::string> files = make_partition();
  if (size == 0) return 0;
  const auto& [name, good] = *std::next(files.begin(), data[0] % static_cast<int64_t>(files.size()));
  fuzz::write_input(name, changed(name, good, fuzz::as_text(data + 1, size - 1)));
  fuzz::expect_data_or_error(open_graph, "part");
  fuzz::write_input(name, good);
  return 0;
}
