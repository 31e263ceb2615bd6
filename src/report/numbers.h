/// Numbers as axes, bars and tables show them.
#pragma once

#include <string>
#include <vector>

namespace gigahop::report {

enum class Unit { kNumber, kPercent, kBytes, kSeconds };

/// "12.3 k", "81.2 %" of 0.812, "3.4 GiB", "12 ms"; "-" for what is no number. Pure.
std::string short_text(double value, Unit unit);

/// Round numbers from at most `low` to at least `high`, three to seven of them. Pure.
std::vector<double> ticks(double low, double high, Unit unit);

}  // namespace gigahop::report
