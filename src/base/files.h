/// Files that are read whole or not at all, and folders that appear under their final name only when complete.
///
/// Every failing system call is one Error{kData} that names the file and the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/folder_lock.h"

namespace gigahop {

/// A file mapped read-only; pages come in when touched and cost no memory that cannot be given back.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// A file read by positions into the caller's memory: unlike a mapping's pages, what is read and let go is not ours.
class InputFile {
 public:
  InputFile() = default;
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;

  /// Fills `out`. Error{kData} if the file ends before.
  void read_at(uint64_t offset, std::span<std::byte> out) const;
  uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

/// A file being written, in order or at given offsets. close() syncs; without it the file is just abandoned.
class OutputFile {
 public:
  enum class Open { kCreate, kExisting };
  OutputFile() = default;
  explicit OutputFile(const std::filesystem::path& path, Open open = Open::kCreate);
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;

  void append(std::span<const std::byte> bytes);
  void write_at(uint64_t offset, std::span<const std::byte> bytes);
  void resize(uint64_t size);
  void close();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  uint64_t end_ = 0;
};

/// A folder built under "NAME.partial" and renamed to NAME by commit(), which first syncs it. An existing partial
/// folder is removed at construction, an unfinished one by the destructor. NAME must not exist at commit, unless
/// `kReplace`: then the old one is moved aside, and removed once the new one stands. Until then it holds the
/// lock "NAME.lock": Error{kData} if another process builds NAME.
class PendingFolder {
 public:
  enum class Existing { kRefuse, kReplace };
  explicit PendingFolder(std::filesystem::path final_path, Existing existing = Existing::kRefuse);
  ~PendingFolder();
  PendingFolder(const PendingFolder&) = delete;
  PendingFolder& operator=(const PendingFolder&) = delete;

  const std::filesystem::path& path() const { return partial_; }
  void commit();

 private:
  std::filesystem::path final_;
  std::filesystem::path partial_;
  Existing existing_;
  std::optional<FolderLock> lock_;
  bool committed_ = false;
};

/// The name under which a folder is built before it gets its final one; ranks other than 0 write there too.
std::filesystem::path partial_path(const std::filesystem::path& final_path);

/// A text proto has less than 2 GiB: what is longer is refused before it is read.
constexpr uint64_t kMostTextBytes = (uint64_t{1} << 31) - 1;
/// Of a regular file.
std::string read_text_file(const std::filesystem::path& path, uint64_t most_bytes = kMostTextBytes);
/// Of whatever can be opened and ends within `most_bytes`: a pipe too, which is waited for while somebody can write
/// into it. Error{kData} for one that nobody does and that holds nothing.
std::string read_text_stream(const std::filesystem::path& path, uint64_t most_bytes);
/// Written to a temporary name, synced, renamed.
void write_text_file(const std::filesystem::path& path, std::string_view text);
void make_folders(const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& path);

}  // namespace gigahop
