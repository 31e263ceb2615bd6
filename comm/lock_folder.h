/// One job at a time writes into a folder that all its ranks share.
#pragma once

#include <filesystem>
#include <memory>

#include "base/folder_lock.h"
#include "comm/communicator.h"

namespace gigahop::comm {

/// Makes the folder if it is not there, and holds its lock on rank 0, which alone gets one. Error{kData} on all ranks
/// that names the holder if another job has it. Collective.
std::unique_ptr<FolderLock> lock_folder(const Communicator& comm, const std::filesystem::path& folder);

}  // namespace gigahop::comm
