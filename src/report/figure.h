/// What the charts share: the frame of a figure and its legend.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gigahop::report {

/// One line or area of a legend; dash: a CSS border style.
struct LegendEntry {
  std::string name;
  int colour = 0;
  std::string_view dash = "solid";
};

/// title and legend: plain text; svg: what stands within <svg viewBox="0 0 WIDTH HEIGHT">. Pure.
std::string framed(std::string_view title, double width, double height, std::string_view svg,
                   const std::vector<LegendEntry>& legend);

/// At most so many letters, the last an ellipsis where some are left out. Pure.
std::string shortened(std::string_view text, size_t most_letters);

/// Width of all charts, in units of the drawing: letters of 12 units are legible where it is shown as wide as a phone.
inline constexpr double kChartWidth = 400;

}  // namespace gigahop::report
