/// Charts as figures of a page: plain SVG, with a title and a legend in HTML that wrap on narrow screens.
///
/// All texts given here are plain and are escaped. What is no finite number is left out. Every mark names itself and
/// its value when it is pointed at. All functions are pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/numbers.h"

namespace gigahop::report {

/// Number of colours, --c0 to --c7; more series go around.
inline constexpr int kNumColours = 8;

/// The parts of several series of one colour: valid, test, train.
enum class Stroke { kSolid, kDashed, kDotted };

struct Point {
  double x = 0;
  double y = 0;
};

struct Series {
  std::string name;
  int colour = 0;
  Stroke stroke = Stroke::kSolid;
  std::vector<Point> points = {};
};

struct LineChart {
  std::string title;
  std::string x_label = "epoch";
  Unit unit = Unit::kNumber;
  bool starts_at_zero = false;
  std::vector<Series> series = {};
};
/// Empty for series without points.
std::string figure(const LineChart& chart);

struct Bar {
  std::string label;
  std::vector<double> values = {};  // stacked, one for each piece
};

struct BarChart {
  std::string title;
  Unit unit = Unit::kNumber;
  std::vector<std::string> pieces = {};
  std::vector<Bar> bars = {};  // one below the other
};
std::string figure(const BarChart& chart);

/// More bars than are legible become means of neighbours, "rank 8-15". label: what one bar is.
std::vector<Bar> numbered_bars(const std::string& label, const std::vector<std::vector<double>>& values);

struct HeatMap {
  std::string title;
  std::string row_label;     // down
  std::string column_label;  // across
  Unit unit = Unit::kNumber;
  std::vector<std::string> names = {};  // of rows and columns
  std::vector<double> values = {};      // [n, n] row-major; the darkest cell is the largest
  std::vector<std::string> hints = {};  // [n, n] or empty: what a cell says when pointed at, in place of its value
};
std::string figure(const HeatMap& map);

/// Rows and columns that a heat map shows; a larger matrix is summed up over blocks of neighbours.
inline constexpr int64_t kMostCells = 64;

struct Cell {
  int64_t row = 0;
  int64_t column = 0;
  double value = 0;
};
/// An [n, n] matrix of sums, from the cells that are not zero; names "3" or "8-15".
HeatMap summed_heat_map(int64_t n, const std::vector<Cell>& cells);

}  // namespace gigahop::report
