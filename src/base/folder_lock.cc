#include "base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"

namespace gigahop {
namespace fs = std::filesystem;
namespace {

/// "process 123 on node07"
std::string this_process() {
  std::array<char, 256> host = {};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {}", ::getpid(), host.data());
}

std::string content_of(int fd) {
  std::array<char, 300> text = {};
  const ssize_t length = ::pread(fd, text.data(), text.size(), 0);
  return {text.data(), static_cast<size_t>(length < 0 ? 0 : length)};
}

/// Only for people: a full disk is no reason not to hold the lock.
void name_holder(int fd) {
  const std::string text = this_process();
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) < 0) {
    log_debug("the holder of a lock cannot be named: {}", std::strerror(errno));
  }
}

/// Whether the name still is that of the open file.
bool is_file_of(int fd, const fs::path& name) {
  struct stat open = {};
  struct stat named = {};
  return ::fstat(fd, &open) == 0 && ::stat(name.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder) : FolderLock(folder, folder / "lock") {}

FolderLock::FolderLock(const fs::path& folder, fs::path file) : file_(std::move(file)) {
  while (true) {
    fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) throw data_error(file_.string(), "a file that can be opened for writing", std::strerror(errno));
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) break;
    if (is_file_of(fd_, file_)) {
      name_holder(fd_);
      return;
    }
    ::close(fd_);  // it was removed by its holder after it had been opened here
  }
  const int reason = errno;
  if (reason != EWOULDBLOCK) {
    log_warning("{}: the file system has no locks ({}); see that no other run writes into this folder", file_.string(),
                std::strerror(reason));
    return;
  }
  const std::string holder = content_of(fd_);
  ::close(fd_);
  throw data_error(folder.string(), "a folder that no other run writes into", "one that " + holder + " writes into",
                   "wait for its end, or name another folder");
}

FolderLock::~FolderLock() {
  if (is_file_of(fd_, file_)) ::unlink(file_.c_str());
  ::close(fd_);
}

}  // namespace gigahop
