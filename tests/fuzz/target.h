/// What every fuzz target shares: a scratch folder in memory, and the one way in which a reader may take an input:
/// valid data, or one Error of the right kind that names the file. Anything else ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gigahop::fuzz {

/// Of this process; made at the first call, removed at exit.
const std::filesystem::path& scratch();

/// A file of these bytes in scratch().
std::filesystem::path write_input(const std::string& name, std::string_view bytes);

/// Calls read(); aborts with the reason unless it returns or throws an Error of `kind` whose message has `named`.
void expect_data_or_error(const std::function<void()>& read, std::string_view named, ErrorKind kind = ErrorKind::kData);

inline std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace gigahop::fuzz
