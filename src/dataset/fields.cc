#include "dataset/fields.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::dataset {
namespace {

constexpr size_t kMaxQuoted = 40;

bool is_separator(char c) {
  return c == ' ' || c == '\t' || c == ',' || c == ';';
}

template <class T>
bool parse_whole(std::string_view field, T& value) {
  if (field.starts_with('+')) field.remove_prefix(1);
  const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), value);
  return failure == std::errc() && end == field.data() + field.size();
}

}  // namespace

std::string_view take_field(std::string_view& rest) {
  const char* at = rest.data();
  const char* const end = at + rest.size();
  while (at != end && is_separator(*at)) ++at;
  const char* const begin = at;
  while (at != end && !is_separator(*at)) ++at;
  rest = {at, static_cast<size_t>(end - at)};
  return {begin, static_cast<size_t>(at - begin)};
}

std::string quoted(std::string_view field) {
  if (field.empty()) return "nothing";
  std::string text = "`";
  for (const char c : field.substr(0, kMaxQuoted)) text += c >= ' ' && c < 127 ? c : '?';
  return text + (field.size() > kMaxQuoted ? "...`" : "`");
}

int64_t parse_integer(std::string_view field, const LineReader& reader) {
  int64_t value = 0;
  if (!parse_whole(field, value)) throw data_error(reader.place(), "an integer", quoted(field));
  return value;
}

float parse_float(std::string_view field, const LineReader& reader) {
  double value = 0;  // through double: a number too small for float32 becomes 0, one too large infinite
  if (!parse_whole(field, value)) throw data_error(reader.place(), "a number", quoted(field));
  return static_cast<float>(value);
}

int64_t parse_label(std::string_view field, const LineReader& reader) {
  if (field.empty() || field == "\"\"") return -1;
  int64_t value = 0;
  if (parse_whole(field, value)) return value;
  double number = 0;
  if (parse_whole(field, number)) {
    if (std::isnan(number)) return -1;
    if (std::floor(number) == number && std::abs(number) < 1e15) return static_cast<int64_t>(number);
  }
  throw data_error(reader.place(), "a class (an integer; -1 or nan = unlabelled)", quoted(field));
}

bool is_number(std::string_view field) {
  double value = 0;
  return parse_whole(field, value);
}

bool is_header(std::string_view line) {
  bool any = false;
  for (std::string_view field = take_field(line); !field.empty(); field = take_field(line)) {
    any = true;
    if (is_number(field)) return false;
  }
  return any;
}

}  // namespace gigahop::dataset
