#include "launch/source_fingerprint.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/checksum.h"
#include "base/error.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;
using proto::ImportConfig;

constexpr char kPackageLists[] = "/var/lib/apt/lists";

std::vector<std::string> files_beside(const ImportConfig& config) {
  switch (config.format()) {
    case ImportConfig::EDGES:
    case ImportConfig::METIS:
      return {config.features(), config.labels(),     config.train(), config.valid(),
              config.test(),     config.positional(), config.names(), config.append()};
    case ImportConfig::MAT:
      return {config.train(), config.valid(), config.test(), config.positional()};
    case ImportConfig::OGB:
    case ImportConfig::NPZ:
      return {config.positional()};
    case ImportConfig::DEBIAN:
    case ImportConfig::NO_FORMAT:
      break;
  }
  return {};
}

/// The regular files of a folder and of those in it, or the file itself.
void add_files(const fs::path& path, std::vector<fs::path>& files) {
  if (!fs::is_directory(path)) {
    files.push_back(path);
    return;
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
}

void add_package_lists(std::vector<fs::path>& files) {
  if (!fs::is_directory(kPackageLists)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(kPackageLists)) {
    const bool is_list = entry.path().filename().string().find("Packages") != std::string::npos;
    if (is_list && entry.is_regular_file()) files.push_back(entry.path());
  }
}

std::string facts_of(const fs::path& file) {
  return fmt::format("{}\n{} {}\n", file.string(), fs::file_size(file),
                     fs::last_write_time(file).time_since_epoch().count());
}

}  // namespace

std::vector<fs::path> named_sources(const ImportConfig& config) {
  if (config.format() == ImportConfig::NO_FORMAT) return {};
  std::vector<fs::path> sources(config.source().begin(), config.source().end());
  for (const std::string& file : files_beside(config)) {
    if (!file.empty()) sources.emplace_back(file);
  }
  return sources;
}

void require_sources(const ImportConfig& config) {
  for (const fs::path& source : named_sources(config)) {
    if (!fs::exists(source)) throw data_error(source.string(), "a file or folder to import", "none");
  }
}

uint64_t file_fingerprint(const fs::path& file) try {
  return checksum_of(facts_of(file));
} catch (const fs::filesystem_error& failure) {
  throw data_error(file.string(), "a readable file", failure.code().message());
}

uint64_t source_fingerprint(const ImportConfig& config) try {
  if (config.format() == ImportConfig::NO_FORMAT) return 0;
  require_sources(config);
  std::vector<fs::path> files;
  for (const fs::path& source : named_sources(config)) add_files(source, files);
  if (config.format() == ImportConfig::DEBIAN && config.source_size() == 0) add_package_lists(files);
  std::sort(files.begin(), files.end());
  std::string facts;
  for (const fs::path& file : files) facts += facts_of(file);
  return checksum_of(facts);
} catch (const fs::filesystem_error& failure) {
  throw data_error(failure.path1().string(), "a readable file or folder to import", failure.code().message());
}

}  // namespace gigahop::launch
