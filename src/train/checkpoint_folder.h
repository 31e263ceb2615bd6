/// Where checkpoints lie in a run folder, and which of them exist.
///
///   RUN/checkpoints/step-000001200/   checkpoint.textproto model.safetensors optimizer.safetensors
///                                     assignments/part-0007.npy DONE
///   RUN/best                          one line: the folder of the best checkpoint, relative to RUN
///
/// DONE is written last and holds the XXH3-64 of checkpoint.textproto, which holds those of all other files. A folder
/// without it does not exist for any reader. While checkpoint.textproto is replaced, DONE holds those of both, so that
/// the checkpoint is whole at every moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gigahop::train {

inline constexpr int kCheckpointFormatVersion = 1;
inline constexpr std::string_view kCheckpointsFolder = "checkpoints";
inline constexpr std::string_view kCheckpointManifest = "checkpoint.textproto";
inline constexpr std::string_view kModelFile = "model.safetensors";
inline constexpr std::string_view kOptimizerFile = "optimizer.safetensors";
inline constexpr std::string_view kAssignmentsFolder = "assignments";
inline constexpr std::string_view kDoneFile = "DONE";
inline constexpr std::string_view kBestFile = "best";

/// "step-000001200"
std::string checkpoint_name(int64_t step);
/// Nothing for a name that is not a checkpoint's.
std::optional<int64_t> step_of_checkpoint(std::string_view name);
/// "assignments/part-0007.npy"
std::string assignments_file(int part);
/// What DONE says for this text of checkpoint.textproto.
std::string done_text(std::string_view manifest_text);
/// Whether DONE with this text is the DONE of such a checkpoint.textproto: alone, or beside another.
bool vouches_for(std::string_view done, std::string_view manifest_text);

enum class Completeness { kComplete, kIncomplete };
/// Steps of the checkpoints in the folder, ascending: those with DONE, or those without. Empty if there is no folder.
std::vector<int64_t> list_checkpoints(const std::filesystem::path& checkpoints, Completeness which);

/// DONE goes first, so that a removal that is cut short leaves no checkpoint behind. False if something remains.
bool remove_checkpoint(const std::filesystem::path& folder);

bool is_complete(const std::filesystem::path& checkpoint);

/// Folder of the best checkpoint that RUN/best names, if it can be read and names one that exists.
std::optional<std::filesystem::path> best_checkpoint(const std::filesystem::path& run_folder);
void write_best(const std::filesystem::path& run_folder, int64_t step);
/// Lets RUN/best name the checkpoint of `best_step` wherever that exists and is not named yet. What goes wrong is a
/// warning.
void name_best(const std::filesystem::path& run_folder, int64_t best_step);

}  // namespace gigahop::train
