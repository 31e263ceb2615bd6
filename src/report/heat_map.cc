#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "report/chart.h"
#include "report/figure.h"
#include "report/html.h"

namespace gigahop::report {
namespace {

constexpr double kTop = 8;
constexpr double kBelow = 60;
constexpr double kLargestCell = 40;
constexpr size_t kMostNamed = 24;  // more rows are named by every n-th
constexpr size_t kMostLetters = 12;

struct Layout {
  double left = 0;
  double side = 0;   // of a cell
  size_t named = 1;  // every so many rows and columns
};

Layout layout_of(const HeatMap& map) {
  const size_t n = map.names.size();
  size_t letters = 1;
  for (const std::string& name : map.names) letters = std::max(letters, std::min(name.size(), kMostLetters));
  Layout layout{.left = 14 + 6.5 * static_cast<double>(letters), .side = 0, .named = (n + kMostNamed - 1) / kMostNamed};
  layout.side = std::min(kLargestCell, (kChartWidth - layout.left - 8) / static_cast<double>(n));
  return layout;
}

std::string cells(const HeatMap& map, const Layout& layout) {
  const size_t n = map.names.size();
  const double largest = *std::ranges::max_element(map.values);
  std::string svg;
  for (size_t i = 0; i < map.values.size(); ++i) {
    if (!(map.values[i] > 0)) continue;
    const std::string hint = map.hints.empty()
                                 ? fmt::format("{} {}, {} {}: {}", map.row_label, map.names[i / n], map.column_label,
                                               map.names[i % n], short_text(map.values[i], map.unit))
                                 : map.hints[i];
    svg += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
        "fill-opacity=\"{:.3f}\"><title>{}</title></rect>\n",
        layout.left + static_cast<double>(i % n) * layout.side, kTop + static_cast<double>(i / n) * layout.side,
        layout.side, layout.side, std::max(0.04, map.values[i] / largest), escaped(hint));
  }
  return "<g fill=\"var(--heat)\">\n" + svg + "</g>\n";
}

std::string names(const HeatMap& map, const Layout& layout) {
  std::string svg;
  for (size_t i = 0; i < map.names.size(); i += layout.named) {
    const double middle = (static_cast<double>(i) + 0.5) * layout.side;
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", layout.left - 4,
                       kTop + middle + 4, escaped(shortened(map.names[i], kMostLetters)));
  }
  return svg;
}

}  // namespace

std::string figure(const HeatMap& map) {
  const size_t n = map.names.size();
  require(map.values.size() == n * n, "a heat map has a value for each pair of names");
  if (n == 0) return "";
  const Layout layout = layout_of(map);
  const double width = static_cast<double>(n) * layout.side;
  const std::string frame = fmt::format(
      "<rect class=\"frame\" x=\"{0:.1f}\" y=\"{1}\" width=\"{2:.1f}\" height=\"{2:.1f}\"/>\n"
      "<text x=\"{0:.1f}\" y=\"{3:.1f}\">across: {4}, in the same order</text>\n"
      "<text x=\"{0:.1f}\" y=\"{5:.1f}\">down: {6}</text>\n"
      "<text x=\"{0:.1f}\" y=\"{7:.1f}\">strongest: {8}</text>\n",
      layout.left, kTop, width, kTop + width + 17, escaped(map.column_label), kTop + width + 35, escaped(map.row_label),
      kTop + width + 53, short_text(*std::ranges::max_element(map.values), map.unit));
  return framed(map.title, kChartWidth, kTop + width + kBelow, frame + cells(map, layout) + names(map, layout), {});
}

HeatMap summed_heat_map(int64_t n, const std::vector<Cell>& cells) {
  const int64_t together = std::max<int64_t>(1, (n + kMostCells - 1) / kMostCells);
  const int64_t shown = (n + together - 1) / together;
  HeatMap map;
  for (int64_t i = 0; i < shown; ++i) {
    const int64_t last = std::min(n, (i + 1) * together) - 1;
    map.names.push_back(together == 1 ? std::to_string(i) : fmt::format("{}-{}", i * together, last));
  }
  map.values.assign(static_cast<size_t>(shown * shown), 0);
  for (const Cell& cell : cells) {
    if (cell.row < 0 || cell.row >= n || cell.column < 0 || cell.column >= n) continue;
    map.values[static_cast<size_t>(cell.row / together * shown + cell.column / together)] += cell.value;
  }
  return map;
}

}  // namespace gigahop::report
