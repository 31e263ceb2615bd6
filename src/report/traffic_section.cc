#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"
#include "train/traffic_report.h"

namespace gigahop::report {
namespace {

void add(const proto::Metrics& line, std::map<std::string, std::vector<double>>& bytes) {
  for (const proto::PhaseTraffic& phase : line.traffic()) {
    std::vector<double>& sums = bytes.try_emplace(phase.phase(), 2, 0.0).first->second;
    sums[0] += static_cast<double>(phase.bytes());
    sums[1] += static_cast<double>(phase.collective_bytes());
  }
}

std::string phases(const RunData& run) {
  std::map<std::string, std::vector<double>> bytes;
  for (const proto::Metrics& line : run.lines) add(line, bytes);
  if (bytes.empty() && run.summary) add(*run.summary, bytes);
  if (bytes.empty()) return missing(run.name + ", bytes by phase", "one rank sends nothing, or no epoch has ended");
  BarChart chart{
      .title = run.name + ", by phase", .unit = Unit::kBytes, .pieces = {"from rank to rank", "handed to collectives"}};
  for (auto& [phase, sums] : bytes) chart.bars.push_back({phase, std::move(sums)});
  return figure(chart);
}

void add(const proto::Metrics& line, std::vector<Cell>& cells) {
  for (const proto::PairTraffic& pair : line.pairs()) {
    cells.push_back({pair.sender(), pair.receiver(), static_cast<double>(pair.bytes())});
  }
}

std::string pairs(const RunData& run) {
  std::vector<Cell> cells;
  for (const proto::Metrics& line : run.lines) add(line, cells);
  if (cells.empty() && run.summary) add(*run.summary, cells);
  if (cells.empty()) {
    return missing(run.name + ", from rank to rank",
                   fmt::format("one rank sends nothing, or no epoch has ended; of more than {} ranks written when the "
                               "run ends",
                               train::kMaxRanksOfPairs));
  }
  int64_t num_ranks = 0;
  for (const Cell& cell : cells) num_ranks = std::max(num_ranks, std::max(cell.row, cell.column) + 1);
  HeatMap map = summed_heat_map(num_ranks, cells);
  map.title = run.name + ", from rank to rank, collectives apart";
  map.row_label = "from rank";
  map.column_label = "to rank";
  map.unit = Unit::kBytes;
  return figure(map);
}

}  // namespace

std::string traffic_section(const Runs& runs) {
  return "<h2>Bytes between ranks</h2>\n" + panels(runs, [](const RunData& run) { return phases(run) + pairs(run); });
}

}  // namespace gigahop::report
