#include "encode/shard_update.h"

#include <algorithm>

#include "array/manifest.h"
#include "base/error.h"
#include "base/files.h"
#include "graph/partition_folder.h"

namespace gigahop::encode {
namespace fs = std::filesystem;
namespace {

fs::path next_manifest(const fs::path& folder) {
  return folder / (std::string(graph::kShardManifest) + ".next");
}

void rename_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw data_error(to.string(), "to be renamed from " + from.filename().string(), error.message());
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw data_error(path.string(), "to be removed", error.message());
}

void remove_record(proto::Shard& manifest, const std::string& name) {
  auto& arrays = *manifest.mutable_arrays();
  arrays.erase(std::remove_if(arrays.begin(), arrays.end(),
                              [&](const proto::ArrayRecord& record) { return record.file() == name; }),
               arrays.end());
}

proto::Shard read_manifest(const fs::path& path) {
  proto::Shard manifest;
  array::read_text_proto(path, manifest);
  return manifest;
}

void finish_update(const fs::path& folder) {
  const proto::Shard manifest = read_manifest(next_manifest(folder));
  for (const proto::ArrayRecord& record : manifest.arrays()) {
    const fs::path pending = pending_array(folder, record.file());
    if (fs::exists(pending)) rename_file(pending, folder / record.file());
  }
  sync_folder(folder);
  rename_file(next_manifest(folder), folder / graph::kShardManifest);
  sync_folder(folder);
}

}  // namespace

fs::path pending_array(const fs::path& folder, const std::string& name) {
  return partial_path(folder / name);
}

void update_shard(const fs::path& folder, const proto::Shard& manifest, const std::vector<array::ArrayFile>& arrays,
                  const proto::Encoding& encoding) {
  proto::Shard bare = manifest;
  bare.clear_encoding();
  for (const array::ArrayFile& file : arrays) remove_record(bare, file.file);
  proto::Shard complete = bare;
  for (const array::ArrayFile& file : arrays) array::add_record(*complete.mutable_arrays(), file);
  *complete.mutable_encoding() = encoding;
  array::write_text_proto(next_manifest(folder), complete);
  array::write_text_proto(folder / graph::kShardManifest, bare);
  finish_update(folder);
}

void recover_shard(const fs::path& folder) {
  if (fs::exists(next_manifest(folder))) finish_update(folder);
  discard_pending(folder);
}

void discard_pending(const fs::path& folder) noexcept {
  std::error_code error;
  if (fs::exists(next_manifest(folder), error) || error) return;
  for (const char* name : {"tokens.npy", "positional.npy"}) fs::remove(pending_array(folder, name), error);
}

void remove_array(const fs::path& folder, const std::string& name) {
  proto::Shard manifest = read_manifest(folder / graph::kShardManifest);
  if (array::find_record(manifest.arrays(), name) != nullptr) {
    remove_record(manifest, name);
    array::write_text_proto(folder / graph::kShardManifest, manifest);
  }
  remove_file(folder / name);
}

}  // namespace gigahop::encode
