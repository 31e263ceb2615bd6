/// The doctor's facts in words, for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace gigahop::launch::doctor {

/// Pure. `facts` as launch/doctor.cc gathers them.
std::string describe(const nlohmann::json& facts);

}  // namespace gigahop::launch::doctor
