#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "report/chart.h"
#include "report/figure.h"
#include "report/html.h"

namespace gigahop::report {
namespace {

constexpr double kLeft = 62;
constexpr double kRight = kChartWidth - 12;
constexpr double kTop = 10;
constexpr double kBottom = 190;
constexpr double kHeight = 230;
constexpr size_t kMostMarks = 60;  // more points are a line without marks

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// From values to places in the drawing.
struct Axes {
  std::vector<double> x_ticks;
  std::vector<double> y_ticks;

  double x(double value) const {
    return kLeft + (value - x_ticks.front()) / (x_ticks.back() - x_ticks.front()) * (kRight - kLeft);
  }
  double y(double value) const {
    return kBottom - (value - y_ticks.front()) / (y_ticks.back() - y_ticks.front()) * (kBottom - kTop);
  }
};

std::vector<Series> finite(std::vector<Series> all) {
  for (Series& series : all) {
    std::erase_if(series.points, [](const Point& point) { return !std::isfinite(point.x) || !std::isfinite(point.y); });
  }
  std::erase_if(all, [](const Series& series) { return series.points.empty(); });
  return all;
}

Axes axes_of(const LineChart& chart, const std::vector<Series>& all) {
  Range x;
  Range y;
  if (chart.starts_at_zero) y.add(0);
  for (const Series& series : all) {
    for (const Point& point : series.points) {
      x.add(point.x);
      y.add(point.y);
    }
  }
  std::vector<double> whole = ticks(x.low, x.high, Unit::kNumber);
  std::erase_if(whole, [](double tick) { return tick != std::floor(tick); });
  if (whole.size() < 2) whole = {std::floor(x.low), std::floor(x.low) + 1};
  return {.x_ticks = whole, .y_ticks = ticks(y.low, y.high, chart.unit)};
}

std::string grid(const LineChart& chart, const Axes& axes) {
  std::string svg;
  for (const double tick : axes.y_ticks) {
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        kLeft, kRight, axes.y(tick), kLeft - 6, axes.y(tick) + 4, short_text(tick, chart.unit));
  }
  for (const double tick : axes.x_ticks) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", axes.x(tick), kBottom + 17,
                       short_text(tick, Unit::kNumber));
  }
  return svg + fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (kLeft + kRight) / 2,
                           kHeight - 5, escaped(chart.x_label));
}

std::string_view dash_of(Stroke stroke) {
  switch (stroke) {
    case Stroke::kDashed:
      return "6 4";
    case Stroke::kDotted:
      return "1.5 4";
    default:
      return "none";
  }
}

std::string_view border_of(Stroke stroke) {
  switch (stroke) {
    case Stroke::kDashed:
      return "dashed";
    case Stroke::kDotted:
      return "dotted";
    default:
      return "solid";
  }
}

std::string line(const LineChart& chart, const Series& series, const Axes& axes) {
  const int colour = series.colour % kNumColours;
  std::string places;
  std::string marks;
  for (const Point& point : series.points) {
    places += fmt::format("{:.1f},{:.1f} ", axes.x(point.x), axes.y(point.y));
    if (series.points.size() > kMostMarks) continue;
    marks += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"var(--c{})\"><title>{}, {} {}: {}</title></circle>\n",
        axes.x(point.x), axes.y(point.y), colour, escaped(series.name), escaped(chart.x_label),
        short_text(point.x, Unit::kNumber), short_text(point.y, chart.unit));
  }
  return fmt::format(
             "<polyline points=\"{}\" fill=\"none\" stroke=\"var(--c{})\" stroke-width=\"1.8\" "
             "stroke-dasharray=\"{}\"><title>{}</title></polyline>\n",
             places, colour, dash_of(series.stroke), escaped(series.name)) +
         marks;
}

}  // namespace

std::string figure(const LineChart& chart) {
  const std::vector<Series> all = finite(chart.series);
  if (all.empty()) return "";
  const Axes axes = axes_of(chart, all);
  std::string svg = grid(chart, axes);
  std::vector<LegendEntry> legend;
  for (const Series& series : all) {
    svg += line(chart, series, axes);
    legend.push_back({series.name, series.colour, border_of(series.stroke)});
  }
  return framed(chart.title, kChartWidth, kHeight, svg, legend);
}

}  // namespace gigahop::report
