/// Manifests: text protos that list every array of a folder, and the readers that hold the folder to them.
#pragma once

#include <filesystem>
#include <string_view>

#include <google/protobuf/message.h>
#include <google/protobuf/repeated_ptr_field.h>

#include "array/npy.h"
#include "proto/array.pb.h"

namespace gigahop::array {

using ArrayRecords = google::protobuf::RepeatedPtrField<proto::ArrayRecord>;

/// Errors name file, line and column.
void read_text_proto(const std::filesystem::path& path, google::protobuf::Message& message);
void parse_text_proto(std::string_view text, std::string_view place, google::protobuf::Message& message);
/// Atomic. The first line is a comment, the seal: the XXH3-64 of the lines below it.
void write_text_proto(const std::filesystem::path& path, const google::protobuf::Message& message);
/// Error{kData} if the file's first line is a comment, but not the seal of the others. Whoever changes a manifest by
/// hand takes the seal off.
void verify_seal(const std::filesystem::path& path);
std::string to_text(const google::protobuf::Message& message);

void add_record(ArrayRecords& records, const ArrayFile& file);
/// For files that are not arrays (names.txt, model.safetensors): size and checksum of what lies on disk.
void add_plain_record(ArrayRecords& records, const std::filesystem::path& folder, std::string_view file);
/// nullptr if the folder has no such array.
const proto::ArrayRecord* find_record(const ArrayRecords& records, std::string_view file);

enum class Verify { kSize, kChecksum };
/// Opens an array that the manifest lists. Error{kData} if it is not listed, or if size, dtype, shape or (kChecksum)
/// checksum of the file differ from the record.
NpyArray open_array(const std::filesystem::path& folder, const ArrayRecords& records, std::string_view file,
                    Verify verify = Verify::kSize);
/// The same check for every record, plain files too.
void verify_records(const std::filesystem::path& folder, const ArrayRecords& records, Verify verify);

/// XXH3-64 over all checksums in order: identifies the content of a folder.
uint64_t fingerprint(const ArrayRecords& records);

}  // namespace gigahop::array
