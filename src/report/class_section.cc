#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

/// [C, C] of one split, with its sums.
struct Matrix {
  std::string split;
  int64_t num_classes = 0;
  const std::vector<int64_t>* counts = nullptr;

  int64_t at(int64_t row, int64_t column) const { return (*counts)[static_cast<size_t>(row * num_classes + column)]; }
  int64_t row_sum(int64_t row) const {
    const auto first = counts->begin() + row * num_classes;
    return std::accumulate(first, first + num_classes, int64_t{0});
  }
  int64_t column_sum(int64_t column) const {
    int64_t sum = 0;
    for (int64_t row = 0; row < num_classes; ++row) sum += at(row, column);
    return sum;
  }
};

/// Classes that a node of the split has, the largest first.
std::vector<int64_t> classes_by_size(const Matrix& matrix) {
  std::vector<int64_t> classes;
  for (int64_t c = 0; c < matrix.num_classes; ++c) {
    if (matrix.row_sum(c) > 0) classes.push_back(c);
  }
  std::ranges::stable_sort(classes, std::greater(), [&](int64_t c) { return matrix.row_sum(c); });
  return classes;
}

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string heat_map(const RunData& run, const Matrix& matrix, std::vector<int64_t> classes) {
  if (classes.size() > kMostCells) classes.resize(kMostCells);
  HeatMap map{.title = fmt::format("{}, {} nodes: share of the true class", run.name, matrix.split),
              .row_label = "true class",
              .column_label = "predicted class",
              .unit = Unit::kPercent};
  for (const int64_t row : classes) map.names.push_back(run.class_name(row));
  for (const int64_t row : classes) {
    for (const int64_t column : classes) {
      map.values.push_back(share(matrix.at(row, column), matrix.row_sum(row)));
      map.hints.push_back(fmt::format("{} taken for {}: {} of {}", run.class_name(row), run.class_name(column),
                                      matrix.at(row, column), matrix.row_sum(row)));
    }
  }
  return figure(map);
}

/// The class that nodes of this one are most often taken for, "games, 12.0 %"; empty if all are right.
std::string mistaken_for(const RunData& run, const Matrix& matrix, int64_t row) {
  int64_t most = -1;
  for (int64_t c = 0; c < matrix.num_classes; ++c) {
    if (c != row && (most < 0 || matrix.at(row, c) > matrix.at(row, most))) most = c;
  }
  if (most < 0 || matrix.at(row, most) == 0) return "";
  return fmt::format("{}, {:.1f}\u00a0%", escaped(run.class_name(most)),
                     100 * share(matrix.at(row, most), matrix.row_sum(row)));
}

std::string class_table(const RunData& run, const Matrix& matrix, const std::vector<int64_t>& classes) {
  std::vector<std::vector<std::string>> rows;
  for (const int64_t c : classes) {
    rows.push_back({escaped(run.class_name(c)), with_commas(matrix.row_sum(c)),
                    fmt::format("{:.1f}\u00a0%", 100 * share(matrix.at(c, c), matrix.row_sum(c))),
                    matrix.column_sum(c) == 0
                        ? "-"
                        : fmt::format("{:.1f}\u00a0%", 100 * share(matrix.at(c, c), matrix.column_sum(c))),
                    mistaken_for(run, matrix, c)});
  }
  return table({"class", "nodes", "found", "right where said", "most often taken for"}, rows);
}

std::string panel(const RunData& run) {
  if (!run.confusion) {
    return missing(run.name,
                   fmt::format("counted at the first evaluation and whenever one is the best so far, up to {} "
                               "classes",
                               train::kMostConfusedClasses));
  }
  const train::Confusion& confusion = *run.confusion;
  const bool has_test = std::ranges::any_of(confusion.test, [](int64_t count) { return count > 0; });
  const Matrix matrix{.split = has_test ? "test" : "valid",
                      .num_classes = confusion.num_classes,
                      .counts = has_test ? &confusion.test : &confusion.valid};
  const std::vector<int64_t> classes = classes_by_size(matrix);
  if (classes.empty()) return missing(run.name, "neither valid nor test nodes");
  const std::string limit =
      classes.size() > kMostCells ? fmt::format("; the picture has the {} largest classes", kMostCells) : "";
  return heat_map(run, matrix, classes) +
         fmt::format("<div><p class=\"note\">At step {}, the best evaluation; classes by size{}.</p>\n",
                     with_commas(confusion.step), limit) +
         class_table(run, matrix, classes) + "</div>\n";
}

}  // namespace

std::string class_section(const Runs& runs) {
  return "<h2>Classes</h2>\n" + panels(runs, panel);
}

}  // namespace gigahop::report
