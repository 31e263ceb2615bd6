#include "array/npz.h"

#include <zip.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace gigahop::array {
namespace {

constexpr size_t kHeadBytes = 65536 + 64;
constexpr std::string_view kSuffix = ".npy";

using Zip = std::shared_ptr<zip_t>;

}  // namespace

struct NpzReader::Archive {
  Zip zip;
};

struct NpzMember::State {
  ~State() {
    if (file != nullptr) zip_fclose(file);
  }

  /// Reads up to `size` bytes; fewer only at the end of the member, where libzip has compared the CRC.
  size_t fill(std::byte* out, size_t size) {
    size_t done = 0;
    while (done < size) {
      const zip_int64_t got = zip_fread(file, out + done, size - done);
      if (got < 0) {
        throw data_error(place, "an intact archive member", zip_error_strerror(zip_file_get_error(file)),
                         "the archive is truncated or damaged");
      }
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  void expect_end() {
    std::byte extra;
    if (fill(&extra, 1) != 0) throw data_error(place, "the end of the array", "more bytes", "the archive is damaged");
  }

  Zip zip;
  zip_file_t* file = nullptr;
  std::string place;
  NpyHeader header;
  std::vector<std::byte> head;  // the first bytes of the member: header and some data
  size_t head_used = 0;
  int64_t bytes_left = 0;
};

NpzMember::NpzMember(std::unique_ptr<State> state) : state_(std::move(state)) {}
NpzMember::~NpzMember() = default;
NpzMember::NpzMember(NpzMember&&) noexcept = default;

const NpyHeader& NpzMember::header() const {
  return state_->header;
}

void NpzMember::read(std::span<std::byte> out) {
  State& state = *state_;
  if (static_cast<int64_t>(out.size()) > state.bytes_left) {
    throw data_error(state.place, fmt::format("{} more bytes", out.size()), fmt::format("{}", state.bytes_left));
  }
  const size_t from_head = std::min(out.size(), state.head.size() - state.head_used);
  if (from_head > 0) std::memcpy(out.data(), state.head.data() + state.head_used, from_head);
  state.head_used += from_head;
  const size_t wanted = out.size() - from_head;
  const size_t got = state.fill(out.data() + from_head, wanted);
  if (got < wanted) {
    throw data_error(state.place, fmt::format("{} more bytes", wanted), fmt::format("{}", got),
                     "the archive is truncated or damaged");
  }
  const bool was_open = state.bytes_left > 0;
  state.bytes_left -= static_cast<int64_t>(out.size());
  if (was_open && state.bytes_left == 0) state.expect_end();
}

NpzReader::NpzReader(const std::filesystem::path& path) : path_(path), archive_(std::make_unique<Archive>()) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (zip == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw data_error(path.string(), "an npz (zip) archive", reason, "the file is no archive, or truncated");
  }
  archive_->zip = Zip(zip, zip_discard);
}

NpzReader::~NpzReader() = default;

std::vector<std::string> NpzReader::names() const {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive_->zip.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* entry = zip_get_name(archive_->zip.get(), static_cast<zip_uint64_t>(i), 0);
    const std::string_view member = entry == nullptr ? "" : entry;
    if (member.ends_with(kSuffix)) names.emplace_back(member.substr(0, member.size() - kSuffix.size()));
  }
  return names;
}

bool NpzReader::contains(std::string_view name) const {
  return zip_name_locate(archive_->zip.get(), (std::string(name) + ".npy").c_str(), 0) >= 0;
}

NpzMember NpzReader::open(std::string_view name) const {
  const std::string member = std::string(name) + ".npy";
  auto state = std::make_unique<NpzMember::State>();
  state->zip = archive_->zip;
  state->place = path_.string() + ": " + member;
  if (!contains(name)) {
    throw data_error(state->place, "a member of that name", fmt::format("{}", fmt::join(names(), ", ")));
  }
  state->file = zip_fopen(state->zip.get(), member.c_str(), 0);
  if (state->file == nullptr) {
    throw data_error(state->place, "a readable archive member", zip_strerror(state->zip.get()),
                     "the archive is truncated, damaged or encrypted");
  }
  state->head.resize(kHeadBytes);
  state->head.resize(state->fill(state->head.data(), kHeadBytes));
  state->header = parse_npy_header(state->head, state->place);
  state->head_used = static_cast<size_t>(state->header.data_offset);
  state->bytes_left = state->header.file_bytes() - state->header.data_offset;
  if (state->bytes_left < static_cast<int64_t>(state->head.size() - state->head_used)) {
    throw data_error(state->place, fmt::format("{} data bytes", state->bytes_left), "more", "the archive is damaged");
  }
  return NpzMember(std::move(state));
}

}  // namespace gigahop::array
