#include "train/checkpoint_folder.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "base/checksum.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "step-";

}  // namespace

std::string checkpoint_name(int64_t step) {
  return fmt::format("{}{:09}", kPrefix, step);
}

std::optional<int64_t> step_of_checkpoint(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kPrefix.size());
  int64_t step = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || step < 0 || checkpoint_name(step) != name) return std::nullopt;
  return step;
}

std::string assignments_file(int part) {
  return fmt::format("{}/part-{:04}.npy", kAssignmentsFolder, part);
}

std::string done_text(std::string_view manifest_text) {
  return fmt::format("{:016x}\n", checksum_of(manifest_text));
}

bool vouches_for(std::string_view done, std::string_view manifest_text) {
  const std::string own = done_text(manifest_text);
  if (done == own) return true;
  return done.size() == 2 * own.size() && (done.starts_with(own) || done.ends_with(own));
}

std::vector<int64_t> list_checkpoints(const fs::path& checkpoints, Completeness which) {
  std::vector<int64_t> steps;
  std::error_code error;
  for (fs::directory_iterator entry(checkpoints, error), end; !error && entry != end; entry.increment(error)) {
    const std::optional<int64_t> step = step_of_checkpoint(entry->path().filename().string());
    if (!step.has_value()) continue;
    if (is_complete(entry->path()) == (which == Completeness::kComplete)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

bool is_complete(const fs::path& checkpoint) {
  std::error_code ignored;
  return fs::exists(checkpoint / kDoneFile, ignored);
}

bool remove_checkpoint(const fs::path& folder) {
  std::error_code error;
  fs::remove(folder / kDoneFile, error);
  if (!error) fs::remove_all(folder, error);
  return !error;
}

std::optional<fs::path> best_checkpoint(const fs::path& run_folder) {
  std::error_code error;
  if (!fs::exists(run_folder / kBestFile, error)) return std::nullopt;
  std::string text;
  try {
    text = read_text_file(run_folder / kBestFile);
  } catch (const Error&) {
    return std::nullopt;
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const fs::path named(text);
  if (!step_of_checkpoint(named.filename().string()).has_value()) return std::nullopt;
  const fs::path folder = run_folder / kCheckpointsFolder / named.filename();
  return is_complete(folder) ? std::optional(folder) : std::nullopt;
}

void write_best(const fs::path& run_folder, int64_t step) {
  write_text_file(run_folder / kBestFile, fmt::format("{}/{}\n", kCheckpointsFolder, checkpoint_name(step)));
}

void name_best(const fs::path& run_folder, int64_t best_step) {
  if (best_step < 0) return;
  const fs::path folder = run_folder / kCheckpointsFolder / checkpoint_name(best_step);
  if (!is_complete(folder) || best_checkpoint(run_folder) == folder) return;
  try {
    write_best(run_folder, best_step);
  } catch (const Error& error) {
    log_warning("{} is the best and cannot be named so: {}", checkpoint_name(best_step), error.what());
  }
}

}  // namespace gigahop::train
