#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/chart.h"
#include "report/figure.h"
#include "report/html.h"

namespace gigahop::report {
namespace {

constexpr double kLeft = 104;
constexpr double kRight = kChartWidth - 78;  // totals stand behind
constexpr double kStep = 19;
constexpr double kThickness = 13;
constexpr size_t kMostBars = 64;
constexpr size_t kMostLetters = 15;

double total(const Bar& bar) {
  double sum = 0;
  for (const double value : bar.values) sum += std::isfinite(value) && value > 0 ? value : 0;
  return sum;
}

std::string pieces_of(const BarChart& chart, const Bar& bar, double top, double scale) {
  std::string svg;
  double x = kLeft;
  for (size_t piece = 0; piece < bar.values.size(); ++piece) {
    const double value = bar.values[piece];
    if (!std::isfinite(value) || value <= 0) continue;
    svg += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{}\" fill=\"var(--c{})\"><title>{}, {}: "
        "{}</title></rect>\n",
        x, top, value * scale, kThickness, static_cast<int>(piece) % kNumColours, escaped(bar.label),
        escaped(chart.pieces[piece]), short_text(value, chart.unit));
    x += value * scale;
  }
  return svg;
}

}  // namespace

std::string figure(const BarChart& chart) {
  double largest = 0;
  for (const Bar& bar : chart.bars) largest = std::max(largest, total(bar));
  const double scale = largest > 0 ? (kRight - kLeft) / largest : 0;
  std::string svg;
  double top = 4;
  for (const Bar& bar : chart.bars) {
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", kLeft - 6, top + 11,
                       escaped(shortened(bar.label, kMostLetters)));
    svg += pieces_of(chart, bar, top, scale);
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kLeft + total(bar) * scale + 5, top + 11,
                       short_text(total(bar), chart.unit));
    top += kStep;
  }
  std::vector<LegendEntry> legend;
  if (chart.pieces.size() > 1) {
    for (size_t piece = 0; piece < chart.pieces.size(); ++piece) {
      legend.push_back({chart.pieces[piece], static_cast<int>(piece)});
    }
  }
  return framed(chart.title, kChartWidth, top, svg, legend);
}

std::vector<Bar> numbered_bars(const std::string& label, const std::vector<std::vector<double>>& values) {
  std::vector<Bar> bars;
  const size_t together = (values.size() + kMostBars - 1) / kMostBars;
  for (size_t first = 0; first < values.size(); first += together) {
    const size_t end = std::min(first + together, values.size());
    Bar bar{
        .label = together == 1 ? fmt::format("{} {}", label, first) : fmt::format("{} {}-{}", label, first, end - 1),
        .values = std::vector<double>(values[first].size(), 0)};
    for (size_t i = first; i < end; ++i) {
      for (size_t piece = 0; piece < bar.values.size(); ++piece) {
        bar.values[piece] += values[i][piece] / static_cast<double>(end - first);
      }
    }
    bars.push_back(std::move(bar));
  }
  return bars;
}

}  // namespace gigahop::report
