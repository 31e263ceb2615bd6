/// Whether a folder is what checkpoints and shards need: fast, the same for all ranks, and with renames that are
/// atomic.
#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "comm/communicator.h"

namespace gigahop::launch::doctor {

/// {write_bytes_per_second, read_bytes_per_second, is_shared, renames_seen, torn_reads}
///
/// speeds        of this rank, all ranks at once, 64 MiB each, synced to the disk; what was just written is read, from
///               memory where the system still has it
/// is_shared     this rank sees what rank 0 writes, within some seconds
/// renames_seen  of 100 files that rank 0 renames over one name, those that this rank saw
/// torn_reads    how often this rank found that name absent or its file not whole
///
/// Collective. Errors  Error{kData} if some rank has no such folder or cannot write there. Leaves nothing behind.
nlohmann::json probe_folder(const comm::Communicator& comm, const std::filesystem::path& folder);

}  // namespace gigahop::launch::doctor
