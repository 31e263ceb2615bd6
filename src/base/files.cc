#include "base/files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"

namespace gigahop {
namespace fs = std::filesystem;
namespace {

Error file_error(const fs::path& path, std::string_view action, int error_number,
                 std::source_location location = std::source_location::current()) {
  const std::string hint =
      error_number == ENOSPC ? "; the disk is full, free some space and run the command again" : "";
  return Error(ErrorKind::kData,
               fmt::format("{}: cannot {}: {}{}", path.string(), action, std::strerror(error_number), hint), location);
}

bool is_taken(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (error && status.type() == fs::file_type::none) throw file_error(path, "look at", error.value());
  return status.type() != fs::file_type::not_found;
}

void write_fully(int fd, const fs::path& path, uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw file_error(path, "write", errno);
    offset += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

struct OpenFile {
  int fd = -1;
  size_t size = 0;
};

OpenFile open_regular(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe without a writer does not wait
  if (fd < 0) throw file_error(path, "open", errno);
  struct stat status = {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    if (S_ISDIR(status.st_mode)) throw file_error(path, "open", EISDIR);
    throw data_error(path.string(), "a regular file", "something else");
  }
  return {fd, static_cast<size_t>(status.st_size)};
}

struct Closing {
  int fd;
  ~Closing() { close(fd); }
};

bool is_pipe(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

Error too_long(const fs::path& path, uint64_t most_bytes, std::string_view found) {
  return data_error(path.string(),
                    fmt::format("at most {} bytes of text", with_commas(static_cast<int64_t>(most_bytes))), found);
}

}  // namespace

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const auto [fd, size] = open_regular(path);
  size_ = size;
  if (size_ > 0) {
    void* mapped = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
    const int error_number = errno;
    close(fd);
    if (mapped == MAP_FAILED) throw file_error(path, "map", error_number);
    data_ = static_cast<const std::byte*>(mapped);
  } else {
    close(fd);
  }
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

InputFile::InputFile(const fs::path& path) : path_(path) {
  const OpenFile opened = open_regular(path);
  fd_ = opened.fd;
  size_ = opened.size;
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

void InputFile::read_at(uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t count = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw file_error(path_, "read", errno);
    if (count == 0) {
      throw data_error(path_.string(), std::to_string(offset + out.size()) + " bytes", "the end of the file",
                       "the file was cut while it was read");
    }
    offset += static_cast<uint64_t>(count);
    out = out.subspan(static_cast<size_t>(count));
  }
}

OutputFile::OutputFile(const fs::path& path, Open mode) : path_(path) {
  const int flags = O_WRONLY | O_CLOEXEC | (mode == Open::kCreate ? O_CREAT | O_TRUNC : 0);
  fd_ = open(path.c_str(), flags, 0666);
  if (fd_ < 0) throw file_error(path, mode == Open::kCreate ? "create" : "open for writing", errno);
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), end_(other.end_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(end_, other.end_);
  return *this;
}

void OutputFile::append(std::span<const std::byte> bytes) {
  write_fully(fd_, path_, end_, bytes);
  end_ += bytes.size();
}

void OutputFile::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  write_fully(fd_, path_, offset, bytes);
}

void OutputFile::resize(uint64_t size) {
  if (ftruncate(fd_, static_cast<off_t>(size)) != 0) throw file_error(path_, "resize", errno);
}

void OutputFile::close() {
  const int fd = std::exchange(fd_, -1);
  if (fd < 0) return;
  const bool synced = fsync(fd) == 0;
  const int error_number = errno;
  if (::close(fd) != 0 || !synced) throw file_error(path_, "sync", synced ? errno : error_number);
}

fs::path partial_path(const fs::path& final_path) {
  fs::path normal = final_path.lexically_normal();
  if (normal.filename().empty()) normal = normal.parent_path();
  return normal.parent_path() / (normal.filename().string() + ".partial");
}

PendingFolder::PendingFolder(fs::path final_path, Existing existing)
    : final_(final_path.lexically_normal()), partial_(partial_path(final_path)), existing_(existing) {
  if (final_.filename().empty()) final_ = final_.parent_path();
  if (existing_ == Existing::kRefuse && is_taken(final_)) {
    throw data_error(final_.string(), "a name that is free", "a folder of that name",
                     "remove it or choose another name");
  }
  make_folders(partial_);  // and with it the folder that the lock lies in
  lock_.emplace(final_, final_.string() + ".lock");
  std::error_code error;
  fs::remove_all(partial_, error);
  if (error) throw file_error(partial_, "remove", error.value());
  make_folders(partial_);
}

PendingFolder::~PendingFolder() {
  if (committed_) return;
  std::error_code ignored;  // nothing is lost: readers never look at a partial folder
  fs::remove_all(partial_, ignored);
}

void PendingFolder::commit() {
  sync_folder(partial_);
  std::error_code error;
  fs::path aside;
  if (existing_ == Existing::kReplace && is_taken(final_)) {
    aside = final_.parent_path() / (final_.filename().string() + ".replaced");
    fs::remove_all(aside, error);
    fs::rename(final_, aside, error);
    if (error) throw file_error(final_, "move aside", error.value());
  }
  fs::rename(partial_, final_, error);
  if (error) {
    std::error_code ignored;  // the first failure is the one to report
    if (!aside.empty()) fs::rename(aside, final_, ignored);
    throw file_error(final_, "rename to", error.value());
  }
  committed_ = true;
  sync_folder(final_.has_parent_path() ? final_.parent_path() : fs::path("."));
  if (!aside.empty()) fs::remove_all(aside, error);
  lock_.reset();
}

std::string read_text_file(const fs::path& path, uint64_t most_bytes) {
  const InputFile file(path);
  if (file.size() > most_bytes) throw too_long(path, most_bytes, with_commas(static_cast<int64_t>(file.size())));
  std::string text(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

std::string read_text_stream(const fs::path& path, uint64_t most_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe without a writer does not wait
  if (fd < 0) throw file_error(path, "open", errno);
  const Closing closing{fd};
  std::string text;
  while (text.size() <= most_bytes) {
    char piece[4096];
    const ssize_t count = read(fd, piece, sizeof(piece));
    if (count == 0) {
      if (text.empty() && is_pipe(fd)) throw data_error(path.string(), "a text", "a pipe that nobody writes into");
      return text;
    }
    if (count > 0) {
      text.append(piece, static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd waiting = {.fd = fd, .events = POLLIN, .revents = 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      throw file_error(path, "read", errno);
    }
  }
  throw too_long(path, most_bytes, "more");
}

void write_text_file(const fs::path& path, std::string_view text) {
  const fs::path temporary = partial_path(path);
  OutputFile file(temporary);
  file.append(std::as_bytes(std::span(text)));
  file.close();
  if (std::rename(temporary.c_str(), path.c_str()) != 0) throw file_error(path, "rename to", errno);
  sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw file_error(path, "create folder", error.value());
}

void sync_folder(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw file_error(path, "open folder", errno);
  fsync(fd);  // some shared file systems refuse to sync a folder; the rename itself is still atomic
  ::close(fd);
}

}  // namespace gigahop
