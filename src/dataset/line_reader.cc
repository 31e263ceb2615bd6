#include "dataset/line_reader.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "dataset/child_process.h"

namespace gigahop::dataset {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr size_t kMaxLineBytes = size_t{256} << 20;

struct Decompressor {
  std::string_view magic;
  const char* program;
};
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr Decompressor kDecompressors[] = {{{"\xfd"
                                             "7zXZ\0",
                                             6},
                                            "xz"},
                                           {"\x04\x22\x4d\x18", "lz4"},
                                           {"\x28\xb5\x2f\xfd", "zstd"}};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

File open_file(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) throw data_error(path.string(), "a file", "a folder");
  File file(std::fopen(path.c_str(), "rbe"));
  if (!file) throw Error(ErrorKind::kData, fmt::format("{}: cannot open: {}", path.string(), std::strerror(errno)));
  return file;
}

size_t read_file(std::FILE* file, std::span<char> out, const std::string& place) {
  const size_t count = std::fread(out.data(), 1, out.size(), file);
  if (count == 0 && std::ferror(file) != 0) {
    throw Error(ErrorKind::kData, fmt::format("{}: cannot read: {}", place, std::strerror(errno)));
  }
  return count;
}

/// Inflates a file of one or more gzip members.
class GzipStream {
 public:
  GzipStream(File file, std::string name) : file_(std::move(file)), name_(std::move(name)), input_(kBufferBytes) {
    require(inflateInit2(&stream_, 15 + 16) == Z_OK, "zlib starts");
  }
  ~GzipStream() { inflateEnd(&stream_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  size_t read(std::span<char> out) {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    while (stream_.avail_out == out.size()) {
      if (stream_.avail_in == 0 && !refill()) {
        if (in_member_) throw data_error(name_, "the end of the gzip stream", "the end of the file", kTruncated);
        return 0;
      }
      if (!in_member_ && !start_member()) return 0;
      inflate_some();
    }
    return out.size() - stream_.avail_out;
  }

 private:
  static constexpr const char* kTruncated = "the file is truncated, fetch it again";

  bool refill() {
    const size_t count = read_file(file_.get(), input_, name_);
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(count);
    return count > 0;
  }

  /// False if only padding (zero bytes, as on tapes) is left.
  bool start_member() {
    while (stream_.avail_in > 0 && *stream_.next_in == 0 && num_members_ > 0) {
      ++stream_.next_in;
      if (--stream_.avail_in == 0 && !refill()) return false;
    }
    require(inflateReset(&stream_) == Z_OK, "zlib starts again");
    ++num_members_;
    in_member_ = true;
    return true;
  }

  void inflate_some() {
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      in_member_ = false;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      throw data_error(name_, "a sound gzip stream", stream_.msg != nullptr ? stream_.msg : "corrupt data",
                       "the file is damaged, fetch it again");
    }
  }

  File file_;
  std::string name_;
  std::vector<char> input_;
  z_stream stream_ = {};
  bool in_member_ = false;
  int64_t num_members_ = 0;
};

}  // namespace

struct LineReader::Source {
  std::function<size_t(std::span<char>)> read;
};

LineReader::LineReader(const std::filesystem::path& path)
    : name_(path.string()), source_(std::make_unique<Source>()), buffer_(kBufferBytes) {
  File file = open_file(path);
  std::array<char, 8> head = {};
  const size_t count = read_file(file.get(), head, name_);
  const std::string_view start(head.data(), count);
  for (const Decompressor& decompressor : kDecompressors) {
    if (!start.starts_with(decompressor.magic)) continue;
    auto child = std::make_shared<ChildProcess>(std::vector<std::string>{decompressor.program, "-dc"}, path);
    source_->read = [child](std::span<char> out) { return child->read(out); };
    return;
  }
  std::rewind(file.get());
  if (start.starts_with(kGzipMagic)) {
    auto stream = std::make_shared<GzipStream>(std::move(file), name_);
    source_->read = [stream](std::span<char> out) { return stream->read(out); };
  } else {
    std::shared_ptr<std::FILE> shared = std::move(file);
    source_->read = [shared, name = name_](std::span<char> out) { return read_file(shared.get(), out, name); };
  }
}

LineReader::LineReader(std::vector<std::string> arguments)
    : name_(fmt::format("output of `{}`", fmt::join(arguments, " "))),
      source_(std::make_unique<Source>()),
      buffer_(kBufferBytes) {
  auto child = std::make_shared<ChildProcess>(std::move(arguments));
  source_->read = [child](std::span<char> out) { return child->read(out); };
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;

std::string LineReader::place() const {
  return fmt::format("{}, line {}", name_, line_number_);
}

bool LineReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= kMaxLineBytes) {
      throw data_error(fmt::format("{}, line {}", name_, line_number_ + 1), "a line of at most 256 MiB", "a longer one",
                       "is this a text file?");
    }
    buffer_.resize(buffer_.size() * 2);
  }
  const size_t count = source_->read({buffer_.data() + end_, buffer_.size() - end_});
  end_ += count;
  at_end_ = count == 0;
  return !at_end_;
}

bool LineReader::next(std::string_view& line) {
  size_t searched = begin_;
  const char* found = nullptr;
  while (true) {
    found = static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', end_ - searched));
    if (found != nullptr) break;
    const size_t unread = end_ - begin_;
    if (!fill()) break;
    searched = begin_ + unread;
  }
  if (found == nullptr && begin_ == end_) return false;
  const size_t stop = found != nullptr ? static_cast<size_t>(found - buffer_.data()) : end_;
  line = {buffer_.data() + begin_, stop - begin_};
  begin_ = found != nullptr ? stop + 1 : end_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++line_number_;
  return true;
}

}  // namespace gigahop::dataset
