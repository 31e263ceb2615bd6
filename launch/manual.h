/// The manual as files for other programs, made from the options that the commands declare: man pages and completion.
#pragma once

#include <filesystem>

#include <CLI/CLI.hpp>

namespace gigahop::launch {

/// Writes man1/gigahop.1, man1/gigahop-COMMAND.1 for each command, and gigahop.bash, a completion for bash, into a
/// folder, which is made where it is missing.
///
/// Errors  Error{kData} for a file that cannot be written
void write_manual(const CLI::App& app, const std::filesystem::path& folder);

}  // namespace gigahop::launch
