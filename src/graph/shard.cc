#include "graph/shard.h"

#include <fmt/format.h>

#include "base/error.h"
#include "graph/manifest_checks.h"

namespace gigahop::graph {
namespace fs = std::filesystem;
namespace {

constexpr char kHint[] = "make the folder again with gigahop partition";
constexpr int64_t kHops = 3;

void check_manifest(const proto::Shard& manifest, const proto::Partition& partition, int part,
                    const std::string& place) {
  require_version(place, manifest.format_version(), kPartitionFormatVersion, kHint);
  require_equal(place, "part", manifest.part(), part);
  require_equal(place, "num_owned", manifest.num_owned(), partition.parts(part).num_owned());
  require_equal(place, "num_halo", manifest.num_halo(), partition.parts(part).num_halo());
  require_equal(place, "num_edges", manifest.num_edges(), partition.parts(part).num_edges());
  require_between(place, "encoding.positional_width", manifest.encoding().positional_width(), 0, kMaxCount);
  if (manifest.graph_fingerprint() != partition.graph_fingerprint()) {
    throw data_error(place, fmt::format("graph {:016x}, as in {}", partition.graph_fingerprint(), kPartitionManifest),
                     fmt::format("{:016x}", manifest.graph_fingerprint()), kHint);
  }
}

/// Opens what the manifest of one shard lists, each array with the one shape and dtype it may have.
class ArrayOpener {
 public:
  ArrayOpener(const fs::path& folder, const proto::Shard& manifest, array::Verify verify)
      : folder_(folder), manifest_(manifest), verify_(verify) {}

  bool lists(const char* file) const { return array::find_record(manifest_.arrays(), file) != nullptr; }

  array::NpyArray open(const char* file, array::DType dtype, std::initializer_list<int64_t> shape) const {
    array::NpyArray opened = array::open_array(folder_, manifest_.arrays(), file, verify_);
    opened.expect_dtype(dtype);
    opened.expect_shape(shape);
    return opened;
  }

  array::NpyArray open_if_listed(const char* file, array::DType dtype, std::initializer_list<int64_t> shape) const {
    return lists(file) ? open(file, dtype, shape) : array::NpyArray();
  }

  array::NpyArray open_features(const char* file, std::initializer_list<int64_t> shape) const {
    if (!lists(file)) return {};
    array::NpyArray opened = array::open_array(folder_, manifest_.arrays(), file, verify_);
    require_feature_dtype(opened);
    opened.expect_shape(shape);
    return opened;
  }

 private:
  const fs::path& folder_;
  const proto::Shard& manifest_;
  array::Verify verify_;
};

const array::NpyArray& or_throw(const array::NpyArray& array, const fs::path& path, const char* hint) {
  if (array.is_open()) return array;
  throw data_error(path.string(), "to be listed in the shard's manifest", "no record of it", hint);
}

}  // namespace

Shard::Shard(const fs::path& partition_folder, const proto::Partition& partition, int part, array::Verify verify)
    : folder_(part_folder(partition_folder, part)) {
  require(part >= 0 && part < partition.num_parts(), "a shard is one of the partition's parts");
  const std::string place = (folder_ / kShardManifest).string();
  array::read_text_proto(place, manifest_);
  check_manifest(manifest_, partition, part, place);
  using array::DType;
  const ArrayOpener opener(folder_, manifest_, verify);
  original_ids_ = opener.open("original_ids.npy", DType::kInt64, {num_owned()});
  halo_ids_ = opener.open("halo_ids.npy", DType::kInt64, {num_halo()});
  row_offsets_ = opener.open("row_offsets.npy", DType::kInt64, {num_owned() + 1});
  column_ids_ = opener.open("column_ids.npy", DType::kInt32, {num_edges()});
  halo_degrees_ = opener.open("degrees_halo.npy", DType::kInt32, {num_halo()});
  train_ = opener.open("train.npy", DType::kInt32, {partition.parts(part).num_train()});
  valid_ = opener.open("valid.npy", DType::kInt32, {-1});
  test_ = opener.open("test.npy", DType::kInt32, {-1});
  if (partition.num_classes() > 0) labels_ = opener.open("labels.npy", DType::kInt64, {num_owned()});
  const int64_t width = partition.feature_width();
  features_ = opener.open_features("features.npy", {num_owned(), width});
  tokens_ = opener.open_features("tokens.npy", {num_owned(), kHops, width});
  positional_input_ =
      opener.open_if_listed("positional_input.npy", DType::kFloat32, {num_owned(), partition.positional_width()});
  positional_ =
      opener.open_if_listed("positional.npy", DType::kFloat32, {num_owned(), manifest_.encoding().positional_width()});
}

std::span<const int64_t> Shard::labels() const {
  return labels_.values<int64_t>();
}

const array::NpyArray& Shard::features() const {
  return or_throw(features_, folder_ / "features.npy",
                  "encode replaced it by tokens.npy, or the dataset has no features");
}

const array::NpyArray& Shard::tokens() const {
  return or_throw(tokens_, folder_ / "tokens.npy", "run gigahop encode");
}

const array::NpyArray& Shard::positional() const {
  return or_throw(positional_, folder_ / "positional.npy", "run gigahop encode");
}

const array::NpyArray& Shard::positional_input() const {
  return or_throw(positional_input_, folder_ / "positional_input.npy", "the dataset has no positional.npy");
}

}  // namespace gigahop::graph
