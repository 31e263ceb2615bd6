#include "graph/partition_folder.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/manifest_checks.h"

namespace gigahop::graph {
namespace fs = std::filesystem;
namespace {

constexpr char kHint[] = "make the folder again with gigahop partition";
constexpr int64_t kMaxParts = 65535;

void check_offsets(const proto::Partition& manifest, const std::string& place) {
  const auto& offsets = manifest.part_offsets();
  require_equal(place, "number of part_offsets", offsets.size(), int64_t{manifest.num_parts()} + 1);
  require_equal(place, "first part_offsets", offsets.Get(0), 0);
  require_equal(place, "last part_offsets", offsets.Get(manifest.num_parts()), manifest.num_nodes());
  if (!std::is_sorted(offsets.begin(), offsets.end())) {
    throw data_error(place, "part_offsets that ascend", "others", kHint);
  }
}

void check_parts(const proto::Partition& manifest, const std::string& place) {
  require_equal(place, "number of parts entries", manifest.parts_size(), manifest.num_parts());
  int64_t edges_left = manifest.num_edges();
  int64_t train_left = manifest.num_train();
  for (int part = 0; part < manifest.num_parts(); ++part) {
    const proto::PartSummary& summary = manifest.parts(part);
    const std::string here = fmt::format("{}: parts[{}]", place, part);
    require_equal(here, "num_owned", summary.num_owned(),
                  manifest.part_offsets(part + 1) - manifest.part_offsets(part));
    require_between(here, "num_halo", summary.num_halo(), 0, kMaxCount);
    require_between(here, "num_edges", summary.num_edges(), 0, edges_left);
    require_between(here, "num_train", summary.num_train(), 0, train_left);
    edges_left -= summary.num_edges();
    train_left -= summary.num_train();
  }
  require_equal(place, "num_edges minus those of all parts", edges_left, 0);
  require_equal(place, "num_train minus those of all parts", train_left, 0);
}

void check_quotient(const proto::Partition& manifest, const std::string& place) {
  for (const proto::QuotientEdge& edge : manifest.quotient()) {
    if (edge.a() >= 0 && edge.a() < edge.b() && edge.b() < manifest.num_parts() && edge.weight() >= 0) continue;
    throw data_error(place, fmt::format("quotient edges a < b < {} of weight >= 0", manifest.num_parts()),
                     fmt::format("{} {} of weight {}", edge.a(), edge.b(), edge.weight()));
  }
}

}  // namespace

fs::path part_folder(const fs::path& partition_folder, int part) {
  return partition_folder / fmt::format("part-{:04d}", part);
}

int PartitionMap::owner(GlobalId id) const {
  require(!offsets_.empty() && id.value >= 0 && id.value < offsets_.back(), "a global id is that of a node");
  return static_cast<int>(std::upper_bound(offsets_.begin(), offsets_.end(), id.value) - offsets_.begin()) - 1;
}

proto::Partition read_partition_manifest(const fs::path& partition_folder) {
  const std::string place = (partition_folder / kPartitionManifest).string();
  proto::Partition manifest;
  array::read_text_proto(place, manifest);
  require_version(place, manifest.format_version(), kPartitionFormatVersion, kHint);
  require_between(place, "num_nodes", manifest.num_nodes(), 1, kMaxCount);
  require_between(place, "num_edges", manifest.num_edges(), 0, kMaxCount);
  require_between(place, "num_parts", manifest.num_parts(), 1, kMaxParts);
  require_between(place, "feature_width", manifest.feature_width(), 0, kMaxCount);
  require_between(place, "positional_width", manifest.positional_width(), 0, kMaxCount);
  require_between(place, "num_classes", manifest.num_classes(), 0, kMaxCount);
  if (manifest.has_first_num_nodes()) {
    require_between(place, "first_num_nodes", manifest.first_num_nodes(), 1, manifest.num_nodes());
  }
  check_offsets(manifest, place);
  check_parts(manifest, place);
  check_quotient(manifest, place);
  return manifest;
}

PartitionMap partition_map(const proto::Partition& manifest) {
  return PartitionMap({manifest.part_offsets().begin(), manifest.part_offsets().end()});
}

}  // namespace gigahop::graph
