/// .npz archives: every member read, and the whole imported as a dataset.
#include <vector>

#include "array/npz.h"
#include "dataset/import.h"
#include "target.h"

using namespace gigahop;

namespace {

constexpr int64_t kAtOnce = int64_t{1} << 16;
constexpr int64_t kMostBytes = int64_t{1} << 24;  // of a member: an archive of a few bytes may unpack to gigabytes

void read_members(const std::filesystem::path& path) {
  const array::NpzReader archive(path);
  std::vector<std::byte> bytes;
  for (const std::string& name : archive.names()) {
    array::NpzMember member = archive.open(name);
    const array::NpyHeader& header = member.header();
    int64_t left = std::min(header.file_bytes() - header.data_offset, kMostBytes);
    for (; left > 0; left -= kAtOnce) {
      bytes.resize(static_cast<size_t>(std::min(left, kAtOnce)));
      member.read(bytes);
    }
  }
}

void import(const std::filesystem::path& path) {
  dataset::NpzOptions options{.archive = path};
  dataset::import_npz(options, {.folder = fuzz::scratch() / "dataset", .existing = PendingFolder::Existing::kReplace});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = fuzz::write_input("input.npz", fuzz::as_text(data, size));
  for (const auto read : {read_members, import}) fuzz::expect_data_or_error([&] { read(path); }, "input.npz");
  return 0;
}
