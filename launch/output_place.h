/// Where a command may write: a dataset or partition folder is replaced as a whole, and removed with all that lies in
/// it, so nothing else belongs into one, and no other folder is replaced.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace gigahop::launch {

/// Error{kConfig} if `output` would lie inside a dataset or partition folder.
void require_place_for_output(const std::filesystem::path& output);

/// Error{kConfig} if `folder` is there, holds something and has no `manifest`, or if one of `inputs` lies in it.
void require_replaceable(const std::filesystem::path& folder, std::string_view manifest,
                         const std::vector<std::filesystem::path>& inputs);

}  // namespace gigahop::launch
