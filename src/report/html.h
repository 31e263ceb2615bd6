/// Pages that need nothing else: one file, no script, light and dark, legible on a phone and on paper.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gigahop::report {

/// As text or as the value of an attribute in double or single quotes. Pure.
std::string escaped(std::string_view text);

/// A whole page. title: plain text. style: CSS after that of all pages, whose colours are the variables --ink,
/// --ground, --faint, --muted, --heat and --c0 to --c7. body: HTML. Pure.
std::string page(std::string_view title, std::string_view style, std::string_view body);

/// A table that scrolls by itself where it is wider than the page. The first cell of each row heads it. Cells are HTML.
/// Pure.
std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);

/// The line that stands where a run lacks something. whose and why: plain text. Pure.
std::string missing(std::string_view whose, std::string_view why);

}  // namespace gigahop::report
