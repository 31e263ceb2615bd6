/// The sections of a report: each an <h2> and what belongs to it, for all runs. What a run lacks is said where it would
/// stand. All are pure.
#pragma once

#include <string>
#include <vector>

#include "report/run_data.h"

namespace gigahop::report {

using Runs = std::vector<RunData>;

std::string overview_section(const Runs& runs);   // how each ended, and the figures that people ask for first
std::string curve_section(const Runs& runs);      // loss, accuracy, rates, cache and codebook by epoch
std::string time_section(const Runs& runs);       // of a step, by rank
std::string traffic_section(const Runs& runs);    // bytes by phase and from rank to rank
std::string memory_section(const Runs& runs);     // taken against forecast
std::string class_section(const Runs& runs);      // confusion matrix, accuracy of each class
std::string partition_section(const Runs& runs);  // sizes, cut, balance, quotient graph, degrees
std::string settings_section(const Runs& runs);   // what differs, then everything

/// One panel for each run, beside each other where there is room. content: HTML of one run.
template <class Content>
std::string panels(const Runs& runs, const Content& content) {
  std::string html = "<div class=\"panels\">\n";
  for (const RunData& run : runs) html += "<div class=\"panel\">\n" + content(run) + "</div>\n";
  return html + "</div>\n";
}

}  // namespace gigahop::report
