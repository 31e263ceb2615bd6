#include "train/confusion.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "array/npy.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "train/checkpoint_folder.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "confusion-";
constexpr std::string_view kSuffix = ".npy";

std::string file_name(int64_t step) {
  return std::string(kPrefix) + checkpoint_name(step) + std::string(kSuffix);
}

std::optional<int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  return step_of_checkpoint(name);
}

std::vector<int64_t> steps_in(const fs::path& run_folder) {
  std::vector<int64_t> steps;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(run_folder, none)) {
    if (const auto step = step_of(entry.path().filename().string())) steps.push_back(*step);
  }
  return steps;
}

}  // namespace

ConfusionCounts::ConfusionCounts(int64_t num_classes) : num_classes_(num_classes) {
  if (num_classes <= kMostConfusedClasses) counts_.assign(static_cast<size_t>(num_classes * num_classes), 0);
}

void ConfusionCounts::add(std::span<const int32_t> true_classes, std::span<const int32_t> predicted) {
  if (counts_.empty()) return;
  for (size_t i = 0; i < true_classes.size(); ++i) {
    ++counts_[static_cast<size_t>(true_classes[i] * num_classes_ + predicted[i])];
  }
}

void write_confusion(const fs::path& run_folder, int64_t step, const ConfusionCounts& valid,
                     const ConfusionCounts& test) {
  const auto num_cells = static_cast<int64_t>(valid.counts().size());
  if (num_cells == 0) return;
  const int64_t num_classes = std::llround(std::sqrt(static_cast<double>(num_cells)));
  std::vector<int64_t> both(valid.counts().begin(), valid.counts().end());
  both.insert(both.end(), test.counts().begin(), test.counts().end());
  try {
    const fs::path file = run_folder / file_name(step);
    const fs::path partial = partial_path(file);
    array::write_npy<int64_t>(partial, both, {2, num_classes, num_classes});
    fs::rename(partial, file);
    for (const int64_t other : steps_in(run_folder)) {
      if (other != step) fs::remove(run_folder / file_name(other));
    }
  } catch (const std::exception& error) {
    log_warning("{}; training goes on", error.what());
  }
}

std::optional<Confusion> read_confusion(const fs::path& run_folder) {
  std::optional<int64_t> newest;
  for (const int64_t step : steps_in(run_folder)) newest = std::max(newest.value_or(step), step);
  if (!newest.has_value()) return std::nullopt;
  const array::NpyArray both(run_folder / file_name(*newest));
  const int64_t num_classes = both.shape().empty() ? 0 : both.shape().back();
  both.expect_shape({2, num_classes, num_classes});
  const std::span<const int64_t> counts = both.values<int64_t>();
  const auto half = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  return Confusion{
      .step = *newest, .num_classes = num_classes, .valid = {counts.begin(), half}, .test = {half, counts.end()}};
}

}  // namespace gigahop::train
