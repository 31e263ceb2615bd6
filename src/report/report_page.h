/// One HTML page about one run, or several side by side.
#pragma once

#include <string>
#include <vector>

#include "report/run_data.h"

namespace gigahop::report {

/// Runs of the same name are told apart by their folders. Pure.
std::string report_page(std::vector<RunData> runs);

}  // namespace gigahop::report
