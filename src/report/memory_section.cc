#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

/// Own memory, and mapped files.
std::vector<double> forecast_of(const proto::Launch& launch) {
  std::vector<double> bytes = {0, 0};
  for (const proto::MemoryForecast& piece : launch.memory()) {
    bytes[piece.is_mapped() ? 1 : 0] += static_cast<double>(piece.bytes());
  }
  return bytes;
}

/// The largest of all epochs, by rank: own memory, and what the peak was above it.
std::vector<std::vector<double>> taken(const RunData& run) {
  const int num_ranks = run.lines.empty() ? 0 : run.lines.back().ranks_size();
  std::vector<std::vector<double>> bytes(static_cast<size_t>(num_ranks), std::vector<double>(2, 0));
  for (const proto::Metrics& line : run.lines) {
    if (line.ranks_size() != num_ranks) continue;
    for (int rank = 0; rank < num_ranks; ++rank) {
      std::vector<double>& largest = bytes[static_cast<size_t>(rank)];
      largest[0] = std::max(largest[0], static_cast<double>(line.ranks(rank).own_memory_bytes()));
      largest[1] = std::max(largest[1], static_cast<double>(line.ranks(rank).peak_memory_bytes()));
    }
  }
  for (std::vector<double>& largest : bytes) largest[1] = std::max(0.0, largest[1] - largest[0]);
  return bytes;
}

std::string forecast_table(const proto::Launch& launch) {
  std::vector<std::vector<std::string>> rows;
  for (const proto::MemoryForecast& piece : launch.memory()) {
    rows.push_back({escaped(piece.what()), human_bytes(static_cast<double>(piece.bytes()))});
  }
  return "<details><summary>What was forecast for the heaviest rank</summary>\n" + table({"", "bytes"}, rows) +
         "</details>\n";
}

std::string panel(const RunData& run) {
  const bool is_forecast = run.launch && !run.launch->memory().empty();
  std::string absences;
  if (!is_forecast) absences = missing(run.name + ", forecast", "it was trained before forecasts were kept");
  const std::vector<std::vector<double>> bytes = taken(run);
  if (bytes.empty()) absences += missing(run.name + ", memory taken", "no epoch has ended");
  if (!is_forecast && bytes.empty()) return absences;
  BarChart chart{
      .title = run.name, .unit = Unit::kBytes, .pieces = {"own memory", "mapped files; peak above own memory"}};
  if (is_forecast) {
    chart.bars.push_back({run.launch->is_memory_drawn() ? "forecast" : "bound", forecast_of(*run.launch)});
  }
  for (Bar& bar : numbered_bars("rank", bytes)) chart.bars.push_back(std::move(bar));
  return figure(chart) + (is_forecast ? forecast_table(*run.launch) : "") + absences;
}

}  // namespace

std::string memory_section(const Runs& runs) {
  return "<h2>Memory, by rank</h2>\n<p class=\"note\">Forecast for the heaviest rank (a bound where no batches were "
         "drawn before) against what each rank held at the end of an epoch, without mapped files, and its peak, with "
         "the pages of mapped files that it touched, which the system can take back.</p>\n" +
         panels(runs, panel);
}

}  // namespace gigahop::report
