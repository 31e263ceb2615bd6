#include "report/figure.h"

#include <fmt/format.h>

#include "report/chart.h"
#include "report/html.h"

namespace gigahop::report {

std::string framed(std::string_view title, double width, double height, std::string_view svg,
                   const std::vector<LegendEntry>& legend) {
  std::string entries;
  for (const LegendEntry& entry : legend) {
    entries += fmt::format("<span><i style=\"border-top: 3px {} var(--c{})\"></i>{}</span>", entry.dash,
                           entry.colour % kNumColours, escaped(entry.name));
  }
  if (!entries.empty()) entries = "<div class=\"legend\">" + entries + "</div>";
  return fmt::format(
      "<figure><figcaption>{0}</figcaption>{1}<svg viewBox=\"0 0 {2:.0f} {3:.0f}\" role=\"img\" "
      "aria-label=\"{0}\">\n{4}</svg></figure>\n",
      escaped(title), entries, width, height, svg);
}

std::string shortened(std::string_view text, size_t most_letters) {
  const auto begins_letter = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; };
  size_t letters = 0;
  size_t end = text.size();  // of the letters that stay where not all do
  for (size_t i = 0; i < text.size(); ++i) {
    if (!begins_letter(text[i])) continue;
    if (++letters == most_letters) end = i;
  }
  return letters <= most_letters ? std::string(text) : std::string(text.substr(0, end)) + "…";
}

}  // namespace gigahop::report
