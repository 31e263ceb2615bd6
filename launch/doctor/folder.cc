#include "launch/doctor/folder.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "comm/agree.h"
#include "comm/collectives.h"

namespace gigahop::launch::doctor {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::duration;
using std::chrono::steady_clock;

constexpr size_t kFileBytes = 64 << 20;
constexpr size_t kBlockBytes = 1 << 20;
constexpr int kRenames = 100;
constexpr size_t kLinesPerFile = 1000;
constexpr std::chrono::seconds kPatience(5);  // for what another rank wrote to be seen
constexpr std::chrono::milliseconds kTick(1);

double seconds_since(steady_clock::time_point start) {
  return std::max(duration<double>(steady_clock::now() - start).count(), 1e-9);
}

double write_speed(const fs::path& path) {
  const std::vector<std::byte> block(kBlockBytes, std::byte{0x5a});
  const auto start = steady_clock::now();
  OutputFile file(path);
  for (size_t written = 0; written < kFileBytes; written += kBlockBytes) file.append(block);
  file.close();
  return static_cast<double>(kFileBytes) / seconds_since(start);
}

double read_speed(const fs::path& path) {
  std::vector<std::byte> block(kBlockBytes);
  const auto start = steady_clock::now();
  const InputFile file(path);
  for (uint64_t offset = 0; offset < kFileBytes; offset += kBlockBytes) file.read_at(offset, block);
  return static_cast<double>(kFileBytes) / seconds_since(start);
}

/// Number k as a file that tells whether it is whole: the number on each of many lines.
std::string numbered_text(int number) {
  std::string text;
  for (size_t line = 0; line < kLinesPerFile; ++line) text += fmt::format("{:04}\n", number);
  return text;
}

bool appears(const fs::path& path) {
  const auto start = steady_clock::now();
  std::error_code unseen;
  while (!fs::exists(path, unseen)) {
    if (steady_clock::now() - start > kPatience) return false;
    std::this_thread::sleep_for(kTick);
  }
  return true;
}

struct Renames {
  std::set<int> seen;
  int64_t num_torn = 0;
};

/// Reads the name until it holds the last file, or patience ends.
Renames watch_renames(const fs::path& path) {
  Renames renames;
  const auto start = steady_clock::now();
  while (!renames.seen.contains(kRenames) && steady_clock::now() - start < kPatience) {
    try {
      const std::string text = read_text_file(path);
      const int number = text.size() < 4 ? -1 : std::stoi(text.substr(0, 4));
      if (text == numbered_text(number)) {
        if (number > 0) renames.seen.insert(number);
      } else {
        ++renames.num_torn;
      }
    } catch (const std::exception&) {
      ++renames.num_torn;
    }
    std::this_thread::yield();
  }
  return renames;
}

}  // namespace

json probe_folder(const comm::Communicator& comm, const fs::path& folder) {
  const bool leads = comm.rank() == 0;
  const fs::path own = folder / fmt::format("doctor-{}.tmp", comm.rank());
  const fs::path common = folder / "doctor.tmp";
  json facts;
  comm::agree(comm, [&] {
    if (!fs::is_directory(folder)) throw data_error(folder.string(), "a folder that all ranks see", "none");
    if (leads) write_text_file(common, numbered_text(0));
  });
  comm::agree(comm, [&] { facts["write_bytes_per_second"] = write_speed(own); });
  comm::agree(comm, [&] { facts["read_bytes_per_second"] = read_speed(own); });
  const bool is_shared = appears(common);
  comm::barrier(comm);
  comm::agree(comm, [&] {
    Renames renames;
    if (leads) {
      for (int number = 1; number <= kRenames; ++number) write_text_file(common, numbered_text(number));
    } else if (is_shared) {
      renames = watch_renames(common);
    }
    facts["is_shared"] = is_shared;
    facts["renames_seen"] = renames.seen.size();
    facts["torn_reads"] = renames.num_torn;
  });
  std::error_code gone;
  fs::remove(own, gone);
  if (leads) fs::remove(common, gone);
  return facts;
}

}  // namespace gigahop::launch::doctor
