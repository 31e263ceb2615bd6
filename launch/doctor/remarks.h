/// What in the facts is likely to be in a user's way, one sentence each with what to do.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gigahop::launch::doctor {

/// The ranks of each host, in order of their first rank.
std::vector<std::vector<const nlohmann::json*>> ranks_by_host(const nlohmann::json& facts);

/// Pure. `facts` as launch/doctor.cc gathers them: {ranks: [describe_host with rank, gpus, clock_ahead_seconds and
/// folder], ...}.
std::vector<std::string> find_remarks(const nlohmann::json& facts);

}  // namespace gigahop::launch::doctor
