#include "launch/output_place.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/dataset_folder.h"
#include "graph/partition_folder.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

/// Absolute, without links, ".." and a slash at the end, whether it exists or not; as it is where that cannot be told.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) return path;
  return real.filename().empty() ? real.parent_path() : real;
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  const fs::path inner = resolved(path);
  const fs::path outer = resolved(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

void require_place_for_output(const fs::path& output) {
  std::error_code unseen;
  for (fs::path folder = resolved(output); folder.has_relative_path();) {
    folder = folder.parent_path();
    for (const char* manifest : {graph::kDatasetManifest, graph::kPartitionManifest}) {
      if (!fs::exists(folder / manifest, unseen)) continue;
      throw config_error(output.string(), "a place outside of folders with a " + std::string(manifest),
                         "one inside " + folder.string(),
                         "what lies in such a folder is removed when it is made again; choose a place beside it");
    }
  }
}

void require_replaceable(const fs::path& folder, std::string_view manifest, const std::vector<fs::path>& inputs) {
  std::error_code unseen;
  if (!fs::exists(folder, unseen)) return;
  if (!fs::exists(folder / manifest, unseen) && !(fs::is_directory(folder, unseen) && fs::is_empty(folder, unseen))) {
    throw config_error(folder.string(), fmt::format("a folder with a {}, or none", manifest), "something else",
                       "it would be replaced: move it, or choose another workspace");
  }
  for (const fs::path& input : inputs) {
    if (!lies_in(input, folder)) continue;
    throw config_error(input.string(), "an input outside of " + folder.string(), "one inside it",
                       "that folder would be replaced: move the input, or choose another workspace");
  }
}

}  // namespace gigahop::launch
