/// Which class nodes have and which they were put into, kept in the run folder for the evaluation that was best.
///
///   RUN/confusion-step-000001200.npy   [2, C, C] int64: valid, then test; row: true class, column: predicted one
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace gigahop::train {

/// More classes than these are not counted: 2 MB to sum over ranks.
inline constexpr int64_t kMostConfusedClasses = 512;

/// [C, C] of one split; empty where there are too many classes.
class ConfusionCounts {
 public:
  explicit ConfusionCounts(int64_t num_classes);

  void add(std::span<const int32_t> true_classes, std::span<const int32_t> predicted);

  std::span<int64_t> counts() { return counts_; }
  std::span<const int64_t> counts() const { return counts_; }

 private:
  int64_t num_classes_;
  std::vector<int64_t> counts_;
};

struct Confusion {
  int64_t step = 0;
  int64_t num_classes = 0;
  std::vector<int64_t> valid;  // [C, C]
  std::vector<int64_t> test;
};

/// Replaces that of an earlier step. Does nothing for empty counts. A disk that refuses it is a warning.
void write_confusion(const std::filesystem::path& run_folder, int64_t step, const ConfusionCounts& valid,
                     const ConfusionCounts& test);

/// The one of the latest step; nothing if there is none. Error{kData} for a damaged file.
std::optional<Confusion> read_confusion(const std::filesystem::path& run_folder);

}  // namespace gigahop::train
