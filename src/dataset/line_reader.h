/// Lines of a text file, plain or compressed: what every text importer reads from.
///
/// The compression is told by the first bytes, not by the name: gzip through zlib (several members too), .xz, .lz4 and
/// .zst through the programs xz, lz4 and zstd. Memory is one buffer and the longest line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gigahop::dataset {

class LineReader {
 public:
  /// Error{kData} if the file cannot be opened.
  explicit LineReader(const std::filesystem::path& path);
  /// The output of a program: `arguments` as in ChildProcess.
  explicit LineReader(std::vector<std::string> arguments);
  ~LineReader();
  LineReader(LineReader&&) noexcept;

  /// The next line without its end ("\n" or "\r\n"), valid until the next call; false at the end.
  /// Error{kData} naming file and line for truncated or corrupt compression and for lines over 256 MiB.
  bool next(std::string_view& line);

  int64_t line_number() const { return line_number_; }  // of the line last returned, from 1
  std::string place() const;                            // "FILE, line 17"
  const std::string& name() const { return name_; }

  struct Source;

 private:
  bool fill();

  std::string name_;
  std::unique_ptr<Source> source_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // the unread bytes of buffer_ are [begin_, end_)
  size_t end_ = 0;
  bool at_end_ = false;
  int64_t line_number_ = 0;
};

}  // namespace gigahop::dataset
