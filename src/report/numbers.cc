#include "report/numbers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"

namespace gigahop::report {
namespace {

/// What a step of an axis is a round multiple of.
double scale_of(double span, Unit unit) {
  if (unit != Unit::kBytes) return 1;
  double scale = 1;
  while (scale * 1024 <= span) scale *= 1024;
  return scale;
}

std::string short_number(double value) {
  constexpr std::array<const char*, 5> kSuffixes = {"", " k", " M", " G", " T"};
  if (value != 0 && std::abs(value) < 1e-3) return fmt::format("{:.2g}", value);
  size_t place = 0;
  while (std::abs(value) >= 1000 && place + 1 < kSuffixes.size()) {
    value /= 1000;
    ++place;
  }
  return fmt::format("{:.4g}{}", value, kSuffixes[place]);
}

std::string short_seconds(double seconds) {
  if (seconds == 0) return "0";
  if (seconds < 1e-3) return fmt::format("{:.3g} us", 1e6 * seconds);
  if (seconds < 1) return fmt::format("{:.3g} ms", 1e3 * seconds);
  return seconds < 120 ? fmt::format("{:.3g} s", seconds) : human_duration(seconds);
}

}  // namespace

std::string short_text(double value, Unit unit) {
  if (!std::isfinite(value)) return "-";
  switch (unit) {
    case Unit::kPercent:
      return fmt::format("{:.4g} %", 100 * value);
    case Unit::kBytes:
      return human_bytes(value);
    case Unit::kSeconds:
      return short_seconds(value);
    default:
      return short_number(value);
  }
}

std::vector<double> ticks(double low, double high, Unit unit) {
  if (!(high > low)) high = low + (low == 0 ? 1 : std::abs(low) / 10);
  const double scale = scale_of(high - low, unit);
  const double rough = (high - low) / scale / 4;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double digit = rough / power;
  const double step = scale * power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
  std::vector<double> all;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) all.push_back(i * step);
  return all;
}

}  // namespace gigahop::report
