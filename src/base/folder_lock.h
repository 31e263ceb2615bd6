/// One process at a time writes into a folder.
#pragma once

#include <filesystem>

namespace gigahop {

class FolderLock {
 public:
  /// Holds FOLDER/lock, which the system lets go when the process ends, however it ends. Error{kData} that names the
  /// holder if another process has it; a warning where the file system knows no locks.
  explicit FolderLock(const std::filesystem::path& folder);
  /// Holds `file`, for a folder that is not there yet or is replaced as a whole.
  FolderLock(const std::filesystem::path& folder, std::filesystem::path file);
  /// Lets go and removes the file, which a process that is killed leaves behind to no harm.
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  std::filesystem::path file_;
  int fd_ = -1;
};

}  // namespace gigahop
