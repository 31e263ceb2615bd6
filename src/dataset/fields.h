/// Fields of a text line as numbers: whitespace, commas and semicolons all separate; every fault names the line.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataset/line_reader.h"

namespace gigahop::dataset {

/// Cuts the first field off `rest`; an empty view if none is left.
std::string_view take_field(std::string_view& rest);

/// Error{kData} naming file and line unless `field` is exactly one integer.
int64_t parse_integer(std::string_view field, const LineReader& reader);
/// The same for any number, "nan" and "inf" included.
float parse_float(std::string_view field, const LineReader& reader);
/// A class: an integer, also written as 3.0; "nan" and "" (quotes included) are -1.
int64_t parse_label(std::string_view field, const LineReader& reader);
bool is_number(std::string_view field);

/// True for a line without any number: column titles.
bool is_header(std::string_view line);

/// "`abc`", shortened, for messages.
std::string quoted(std::string_view field);

}  // namespace gigahop::dataset
