/// The one exception of gigahop: what went wrong, where, what was expected, what was found, and what to do about it.
///
/// Code that meets a fault throws; only launch/guarded_main catches, prints one line and ends all ranks.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gigahop {

/// The value is the exit code of the process.
enum class ErrorKind : int { kConfig = 2, kData = 3, kComm = 4, kDevice = 5, kInternal = 70 };

/// "config", "data", "comm", "device", "internal".
std::string_view name(ErrorKind kind);

struct Error : std::runtime_error {
  Error(ErrorKind error_kind, const std::string& message,
        std::source_location location = std::source_location::current())
      : std::runtime_error(message), kind(error_kind), where(location) {}

  ErrorKind kind;
  std::source_location where;
};

/// A fault of some input: "PLACE: expected EXPECTED, found FOUND; HINT". The hint may be empty.
Error data_error(std::string_view place, std::string_view expected, std::string_view found, std::string_view hint = "",
                 std::source_location location = std::source_location::current());

/// The same for settings, on the command line or in a config file.
Error config_error(std::string_view place, std::string_view expected, std::string_view found,
                   std::string_view hint = "", std::source_location location = std::source_location::current());

/// Throws Error{kInternal} with `claim` unless it holds: for our own faults, never for input.
void require(bool holds, std::string_view claim, std::source_location location = std::source_location::current());

}  // namespace gigahop
