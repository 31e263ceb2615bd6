#include "array/manifest.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include "base/error.h"
#include "base/progress.h"

namespace gigahop::array {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSeal = "# XXH3-64 of the lines below: ";

std::string sealed(std::string_view text) {
  return fmt::format("{}{:016x}\n{}", kSeal, checksum_of(text), text);
}

/// Keeps the first error of a parse.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (found_) return;
    found_ = true;
    line_ = line;
    column_ = column;
    message_ = message;
  }

  Error error(std::string_view place, std::string_view expected) const {
    return data_error(fmt::format("{}:{}:{}", place, line_ + 1, column_ + 1), expected, message_);
  }

 private:
  bool found_ = false;
  int line_ = 0;
  int column_ = 0;
  std::string message_ = "an unreadable text";
};

/// Size first: it costs nothing and catches what an interrupted copy leaves.
void check_size(const fs::path& path, const proto::ArrayRecord& record, size_t found) {
  if (record.bytes() == static_cast<int64_t>(found)) return;
  throw data_error(path.string(), with_commas(record.bytes()) + " bytes",
                   with_commas(static_cast<int64_t>(found)) + " bytes",
                   static_cast<int64_t>(found) < record.bytes() ? "the file is truncated, make the folder again"
                                                                : "the file is not the one of its manifest");
}

void check_checksum(const fs::path& path, const proto::ArrayRecord& record, std::span<const std::byte> bytes) {
  const uint64_t found = checksum_of(bytes);
  if (record.checksum() == found) return;
  throw data_error(path.string(), fmt::format("checksum {:016x}", record.checksum()), fmt::format("{:016x}", found),
                   "the file was changed or damaged, make the folder again");
}

/// Where the file of a record lies; a manifest does not name files outside its folder.
fs::path path_of(const fs::path& folder, const proto::ArrayRecord& record) {
  const fs::path relative(record.file());
  const bool climbs = std::find(relative.begin(), relative.end(), fs::path("..")) != relative.end();
  if (relative.empty() || relative.is_absolute() || climbs) {
    throw data_error(folder.string(), "records of files inside the folder", '"' + record.file() + '"');
  }
  return folder / relative;
}

uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) throw data_error(path.string(), "a file, the manifest lists it", error.message());
  return size;
}

NpyArray open_recorded(const fs::path& folder, const proto::ArrayRecord& record, Verify verify) {
  const fs::path path = path_of(folder, record);
  check_size(path, record, size_of(path));
  NpyArray array(path);
  const DType dtype = parse_dtype(record.dtype(), path.string() + " in its manifest");
  if (dtype == DType::kBFloat16 && array.dtype() == DType::kUInt16) array.reinterpret(dtype);
  array.expect_dtype(dtype);
  array.expect_shape(std::vector<int64_t>(record.shape().begin(), record.shape().end()));
  if (std::any_of(record.shape().begin(), record.shape().end(), [](int64_t extent) { return extent < 0; })) {
    throw data_error(path.string() + " in its manifest", "extents >= 0", "a negative extent");
  }
  if (verify == Verify::kChecksum) check_checksum(path, record, array.file_bytes());
  return array;
}

}  // namespace

void read_text_proto(const fs::path& path, google::protobuf::Message& message) {
  parse_text_proto(read_text_file(path), path.string(), message);
}

void parse_text_proto(std::string_view text, std::string_view place, google::protobuf::Message& message) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    throw data_error(place, "less than 2 GiB of text", with_commas(static_cast<int64_t>(text.size())) + " bytes");
  }
  FirstError first;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&first);
  if (parser.ParseFromString(std::string(text), &message)) return;
  throw first.error(place, fmt::format("a text proto of {}", message.GetDescriptor()->name()));
}

void write_text_proto(const fs::path& path, const google::protobuf::Message& message) {
  write_text_file(path, sealed(to_text(message)));
}

void verify_seal(const fs::path& path) {
  const std::string text = read_text_file(path);
  if (!text.starts_with('#')) return;
  const size_t end = text.find('\n');
  if (end != std::string::npos && sealed(std::string_view(text).substr(end + 1)) == text) return;
  throw data_error(path.string(), "the lines that its first one is the checksum of", "others",
                   "it was damaged, or changed by hand: then remove its first line");
}

std::string to_text(const google::protobuf::Message& message) {
  std::string text;
  require(google::protobuf::TextFormat::PrintToString(message, &text), "a message of ours prints");
  return text;
}

void add_record(ArrayRecords& records, const ArrayFile& file) {
  proto::ArrayRecord& record = *records.Add();
  record.set_file(file.file);
  record.set_dtype(std::string(name(file.dtype)));
  record.mutable_shape()->Add(file.shape.begin(), file.shape.end());
  record.set_bytes(file.bytes);
  record.set_checksum(file.checksum);
}

void add_plain_record(ArrayRecords& records, const fs::path& folder, std::string_view file) {
  const MappedFile mapped(folder / file);
  proto::ArrayRecord& record = *records.Add();
  record.set_file(std::string(file));
  record.set_bytes(static_cast<int64_t>(mapped.bytes().size()));
  record.set_checksum(checksum_of(mapped.bytes()));
}

const proto::ArrayRecord* find_record(const ArrayRecords& records, std::string_view file) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const proto::ArrayRecord& record) { return record.file() == file; });
  return found == records.end() ? nullptr : &*found;
}

NpyArray open_array(const fs::path& folder, const ArrayRecords& records, std::string_view file, Verify verify) {
  const proto::ArrayRecord* record = find_record(records, file);
  if (record == nullptr) {
    throw data_error((folder / file).string(), "to be listed in the folder's manifest", "no record of it");
  }
  return open_recorded(folder, *record, verify);
}

void verify_records(const fs::path& folder, const ArrayRecords& records, Verify verify) {
  for (const proto::ArrayRecord& record : records) {
    if (find_record(records, record.file()) != &record) {
      throw data_error(folder.string(), "one record for each file", "two of " + record.file());
    }
    if (!record.dtype().empty()) {
      open_recorded(folder, record, verify);
      continue;
    }
    const fs::path path = path_of(folder, record);
    check_size(path, record, size_of(path));
    if (verify == Verify::kChecksum) check_checksum(path, record, MappedFile(path).bytes());
  }
}

uint64_t fingerprint(const ArrayRecords& records) {
  Checksum checksum;
  for (const proto::ArrayRecord& record : records) {
    const uint64_t value = record.checksum();
    checksum.update(std::as_bytes(std::span(&value, 1)));
  }
  return checksum.value();
}

}  // namespace gigahop::array
