#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

std::string facts(const proto::Partition& partition) {
  const proto::Quality& quality = partition.quality();
  return table(
      {"", ""},
      {{"dataset", escaped(partition.dataset())},
       {"method",
        fmt::format("{}, seed {}, by {} ranks", escaped(partition.method()), partition.seed(), partition.num_ranks())},
       {"nodes", with_commas(partition.num_nodes())},
       {"adjacency entries", with_commas(partition.num_edges()) + (partition.directed() ? ", directed" : "")},
       {"train, valid, test", fmt::format("{}, {}, {}", with_commas(partition.num_train()),
                                          with_commas(partition.num_valid()), with_commas(partition.num_test()))},
       {"cut", fmt::format("{:.2f} % of the entries", 100 * quality.cut_share())},
       {"halo", fmt::format("{} copies of nodes, {:.2f} per node", with_commas(quality.communication_volume()),
                            quality.halo_share())},
       {"balance of nodes", fmt::format("{:.3f}", quality.node_balance())},
       {"balance of entries", fmt::format("{:.3f}", quality.edge_balance())},
       {"balance of training nodes", fmt::format("{:.3f}", quality.train_balance())}});
}

std::string sizes(const std::string& name, const proto::Partition& partition) {
  LineChart chart{.title = name + ", parts: share of the mean part",
                  .x_label = "part",
                  .unit = Unit::kPercent,
                  .starts_at_zero = true,
                  .series = {{"nodes", 0, Stroke::kSolid, {}},
                             {"entries", 1, Stroke::kDashed, {}},
                             {"training nodes", 2, Stroke::kDotted, {}},
                             {"halo", 3, Stroke::kSolid, {}}}};
  std::vector<double> sums(4, 0);
  const auto sizes_of = [](const proto::PartSummary& part) {
    return std::vector<int64_t>{part.num_owned(), part.num_edges(), part.num_train(), part.num_halo()};
  };
  for (const proto::PartSummary& part : partition.parts()) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(sizes_of(part)[i]);
  }
  for (int part = 0; part < partition.parts_size(); ++part) {
    for (size_t i = 0; i < sums.size(); ++i) {
      const double mean = sums[i] / partition.parts_size();
      if (mean > 0) {
        chart.series[i].points.push_back(
            {static_cast<double>(part), static_cast<double>(sizes_of(partition.parts(part))[i]) / mean});
      }
    }
  }
  return figure(chart);
}

std::string quotient(const std::string& name, const proto::Partition& partition) {
  if (partition.quotient().empty()) return missing(name + ", between parts", "no part has neighbours in another");
  std::vector<Cell> cells;
  for (const proto::QuotientEdge& edge : partition.quotient()) {
    cells.push_back({edge.a(), edge.b(), static_cast<double>(edge.weight())});
    cells.push_back({edge.b(), edge.a(), static_cast<double>(edge.weight())});
  }
  HeatMap map = summed_heat_map(partition.num_parts(), cells);
  map.title = name + ", copies of nodes between parts";
  map.row_label = "part";
  map.column_label = "part";
  return figure(map);
}

std::string degrees(const std::string& name, const PartitionData& partition) {
  if (partition.nodes_by_degree.empty()) return missing(name + ", degrees", "the shards cannot be read");
  BarChart chart{.title = name + ", nodes by degree", .unit = Unit::kNumber, .pieces = {"nodes"}};
  for (size_t place = 0; place < partition.nodes_by_degree.size(); ++place) {
    chart.bars.push_back({degree_name(place), {static_cast<double>(partition.nodes_by_degree[place])}});
  }
  return figure(chart);
}

std::string panel(const RunData& run) {
  if (!run.partition) {
    return missing(run.name, run.launch ? "the partition folder is not where it was; --partition names another place"
                                        : "the run does not say where its partition is; --partition does");
  }
  const proto::Partition& manifest = run.partition->manifest;
  const std::string name = run.partition->folder.parent_path().filename() / run.partition->folder.filename();
  return "<h3>" + escaped(name) + "</h3>\n" + facts(manifest) + sizes(name, manifest) + quotient(name, manifest) +
         degrees(name, *run.partition);
}

bool is_shown(const Runs& shown, const RunData& run) {
  return run.partition && std::ranges::any_of(shown, [&](const RunData& other) {
           return other.partition && other.partition->folder == run.partition->folder;
         });
}

}  // namespace

std::string partition_section(const Runs& runs) {
  Runs distinct;
  for (const RunData& run : runs) {
    if (!is_shown(distinct, run)) distinct.push_back(run);
  }
  return "<h2>Partition</h2>\n" + panels(distinct, panel);
}

}  // namespace gigahop::report
