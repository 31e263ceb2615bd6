/// The one place that catches: starts MPI, runs a command, turns an Error into one line and an exit code, ends all
/// ranks.
#pragma once

#include <filesystem>
#include <functional>

#include "comm/communicator.h"
#include "comm/hang.h"

namespace gigahop::launch {

/// Prints "[rank 3/8 node07] comm: EXPLANATION; ..." and, when the other ranks have had a moment to say the same, ends
/// all of them with the exit code of comm. Writes what is known of all ranks to FOLDER/hang-rank-0003.txt before, if
/// the folder has a name and its disk takes it within seconds. For any thread.
[[noreturn]] void end_hung_job(const comm::Communicator& comm, const comm::Hang& hang,
                               const std::filesystem::path& folder);

/// Returns the exit code of the process: what `command` returns, or that of its Error (config 2, data 3, comm 4, device
/// 5, internal 70). With several ranks a failure ends all of them at once. The line "[rank 3/8 node07] data: ..." is
/// printed by the rank where the fault arose.
int guarded_main(int argc, char** argv, const std::function<int(const comm::Communicator&)>& command);

}  // namespace gigahop::launch
