/// One process at a time writes into a folder.
#pragma once

#include <filesystem>

namespace gigahop {

class FolderLock {
 public:
  /// Holds FOLDER/lock, which the system lets go when the process ends, however it ends. Error{kData} that names the
  /// holder if another process has it; a warning where the file system knows no locks. The file stays.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace gigahop
