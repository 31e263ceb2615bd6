/// The files that an import reads, and one number that changes when any of them does: so that `gigahop run` imports
/// again what was edited, without reading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "proto/config.pb.h"

namespace gigahop::launch {

/// The files and folders that the format takes from the configuration: sources, and files beside them.
std::vector<std::filesystem::path> named_sources(const proto::ImportConfig& config);

/// Error{kData} for the first of named_sources that is not there.
void require_sources(const proto::ImportConfig& config);

/// A hash of path, size and time of change of a file. Error{kData} if it is not there.
uint64_t file_fingerprint(const std::filesystem::path& file);

/// A hash of path, size and time of change of every source, of folders' files one by one; for DEBIAN without sources,
/// of the package lists of this machine. 0 if nothing is imported. Error{kData} for a source that is not there.
uint64_t source_fingerprint(const proto::ImportConfig& config);

}  // namespace gigahop::launch
