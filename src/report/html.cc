#include "report/html.h"

#include <fmt/format.h>

namespace gigahop::report {
namespace {

/// Colours of series are those of Okabe and Ito, which people with any kind of colour vision tell apart.
constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #222; --ground: #fff; --faint: #ddd; --muted: #5c5c5c; --heat: #0057a3;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b5498c; --c4: #b98300; --c5: #3d9be0; --c6: #7f3c8d; --c7: #6b6b6b; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #ddd; --ground: #161616; --faint: #3a3a3a; --muted: #a8a8a8;
  --heat: #6cc4ff; --c0: #56b4e9; --c1: #ff9a57; --c2: #33c9a0; --c3: #e6a3c8; --c4: #f0c24b; --c5: #a9c7ff; --c6: #c792d6;
  --c7: #b0b0b0; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 sans-serif; color: var(--ink); background: var(--ground); margin: 1rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem .15rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--faint); }
thead th { border-bottom-color: var(--muted); } tbody th { font-weight: normal; color: var(--muted); }
@media screen and (max-width: 30rem) { table { font-size: .85rem; } th, td { padding-right: .45rem; } }
.missing { color: var(--muted); font-style: italic; }
)";

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  for (const char letter : text) {
    switch (letter) {
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += letter;
    }
  }
  return html;
}

std::string page(std::string_view title, std::string_view style, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"icon\" href=\"data:,\">"
      "<title>{}</title>\n<style>{}{}</style></head>\n<body>\n{}</body>\n</html>\n",
      escaped(title), kStyle, style, body);
}

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<div class=\"wide\"><table>\n<thead><tr>";
  for (const std::string& cell : head) html += "<th scope=\"col\">" + cell + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      html += i == 0 ? "<th scope=\"row\">" + row[i] + "</th>" : "<td>" + row[i] + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string missing(std::string_view whose, std::string_view why) {
  return fmt::format("<p class=\"missing\">{}: no such data: {}</p>\n", escaped(whose), escaped(why));
}

}  // namespace gigahop::report
