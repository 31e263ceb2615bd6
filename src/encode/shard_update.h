/// New arrays of a shard put in place so that a crash at any moment leaves a shard that is encoded as before, encoded
/// anew, or not encoded and ready to be.
///
///   1  NAME.npy.partial    every new array, complete and synced
///   2  shard.textproto.next  the new manifest: from here on the update will happen, at the latest in recover_shard
///   3  shard.textproto     the new manifest without the new arrays and the encoding: readers ask for gigahop encode
///   4  NAME.npy.partial -> NAME.npy
///   5  shard.textproto.next -> shard.textproto
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "array/npy.h"
#include "proto/partition.pb.h"

namespace gigahop::encode {

/// Where a new array is written before it gets its name.
std::filesystem::path pending_array(const std::filesystem::path& folder, const std::string& name);

/// Steps 2 to 5. `arrays` replace those of the same name in the manifest; all lie under their pending names.
void update_shard(const std::filesystem::path& folder, const proto::Shard& manifest,
                  const std::vector<array::ArrayFile>& arrays, const proto::Encoding& encoding);

/// Steps 4 and 5 of an update that was cut short after step 2; otherwise as discard_pending.
void recover_shard(const std::filesystem::path& folder);

/// Removes what lies under pending names, unless an update is under way that needs it.
void discard_pending(const std::filesystem::path& folder) noexcept;

/// Takes an array out of the manifest, then off the disk; also one that only lies on disk.
void remove_array(const std::filesystem::path& folder, const std::string& name);

}  // namespace gigahop::encode
