#include "report/report_page.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "report/html.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

constexpr std::string_view kStyle = R"(
body { max-width: 80rem; }
h2 { margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--faint); }
h3 { margin: .8rem 0 .3rem; font-size: 1rem; }
.figures, .panels { display: grid; gap: 1rem 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.figures > *, .panels > * { min-width: 0; } .panel > figure, .figures > figure { max-width: 30rem; }
.panel:only-child { display: grid; gap: 0 1.5rem; align-items: start; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.panel > * { min-width: 0; }
figure { margin: .3rem 0 1rem; break-inside: avoid; } figcaption { font-weight: bold; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .85em; }
.legend span { overflow-wrap: anywhere; }
.legend i { display: inline-block; width: 1.4rem; margin-right: .35rem; vertical-align: middle; }
.grid { stroke: var(--faint); } .frame { fill: none; stroke: var(--muted); }
details { margin: .5rem 0; } summary { cursor: pointer; } .note { color: var(--muted); margin: .2rem 0 .6rem; }
@media print { body { font-size: 11px; margin: 0; } details::details-content { content-visibility: visible; display: block; height: auto; }
  .figures, .panels, .panel:only-child { grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
  .note, tr, .panel > .wide { break-inside: avoid; } h2, h3, .note { break-after: avoid; } }
)";

/// Two runs of one name are told apart by their folders.
void tell_apart(std::vector<RunData>& runs) {
  std::map<std::string, int> times;
  for (const RunData& run : runs) ++times[run.name];
  for (RunData& run : runs) {
    if (times[run.name] > 1) run.name = run.folder.string();
  }
}

}  // namespace

std::string report_page(std::vector<RunData> runs) {
  tell_apart(runs);
  std::string names;
  for (const RunData& run : runs) names += (names.empty() ? "" : ", ") + run.name;
  const std::string title = fmt::format("gigahop: {}", names);
  const std::string body = fmt::format("<h1>{}</h1>\n", escaped(title)) + overview_section(runs) + curve_section(runs) +
                           time_section(runs) + traffic_section(runs) + memory_section(runs) + class_section(runs) +
                           partition_section(runs) + settings_section(runs);
  return page(title, kStyle, body);
}

}  // namespace gigahop::report
