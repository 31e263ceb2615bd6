#include "base/error.h"

#include <fmt/format.h>

namespace gigahop {
namespace {

std::string describe(std::string_view place, std::string_view expected, std::string_view found, std::string_view hint) {
  std::string message = fmt::format("{}: expected {}, found {}", place, expected, found);
  if (!hint.empty()) message += fmt::format("; {}", hint);
  return message;
}

}  // namespace

std::string_view name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kConfig:
      return "config";
    case ErrorKind::kData:
      return "data";
    case ErrorKind::kComm:
      return "comm";
    case ErrorKind::kDevice:
      return "device";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "unknown";
}

Error data_error(std::string_view place, std::string_view expected, std::string_view found, std::string_view hint,
                 std::source_location location) {
  return Error(ErrorKind::kData, describe(place, expected, found, hint), location);
}

Error config_error(std::string_view place, std::string_view expected, std::string_view found, std::string_view hint,
                   std::source_location location) {
  return Error(ErrorKind::kConfig, describe(place, expected, found, hint), location);
}

void require(bool holds, std::string_view claim, std::source_location location) {
  if (holds) return;
  throw Error(ErrorKind::kInternal,
              fmt::format("{}:{}: this should hold: {}", location.file_name(), location.line(), claim), location);
}

}  // namespace gigahop
