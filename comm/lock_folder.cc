#include "comm/lock_folder.h"

#include "base/files.h"
#include "comm/agree.h"

namespace gigahop::comm {

std::unique_ptr<FolderLock> lock_folder(const Communicator& comm, const std::filesystem::path& folder) {
  std::unique_ptr<FolderLock> lock;
  agree(comm, [&] {
    if (comm.rank() != 0) return;
    make_folders(folder);
    lock = std::make_unique<FolderLock>(folder);
  });
  return lock;
}

}  // namespace gigahop::comm
