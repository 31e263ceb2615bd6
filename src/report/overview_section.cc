#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/numbers.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

constexpr std::string_view kNone = "-";

const proto::Metrics* last_line(const RunData& run) {
  return run.lines.empty() ? nullptr : &run.lines.back();
}

/// "; 40 of 150 steps of epoch 3" of one that has no line yet.
std::string within_epoch(const RunData& run) {
  const proto::Metrics* last = last_line(run);
  if (!run.progress || (last != nullptr && last->epoch() >= run.progress->epoch())) return "";
  return fmt::format("; {} of {} steps of epoch {}", with_commas(run.progress->step_in_epoch()),
                     with_commas(run.progress->steps_per_epoch()), run.progress->epoch());
}

std::string ending(const RunData& run) {
  const int64_t epochs = run.launch ? run.launch->num_epochs() : run.config ? run.config->train().epochs() : 0;
  const proto::Metrics* last = run.summary ? &*run.summary : last_line(run);
  const std::string within = run.summary ? "" : within_epoch(run);
  if (last == nullptr) return "has not come to the end of an epoch" + within;
  const std::string so_far = fmt::format("{} of {} epochs, {} steps", last->epoch(), epochs, with_commas(last->step()));
  if (!run.summary) return so_far + within + "; not ended when this was read";
  return run.summary->epoch() >= epochs ? so_far : so_far + "; ended before";
}

const proto::Metrics* best_line(const RunData& run) {
  const proto::Metrics* best = nullptr;
  for (const proto::Metrics& line : run.lines) {
    if (!line.has_valid_accuracy()) continue;
    if (best == nullptr || line.valid_accuracy() > best->valid_accuracy()) best = &line;
  }
  return best;
}

std::string best(const RunData& run) {
  const proto::Metrics* line = best_line(run);
  if (line == nullptr) return std::string(kNone);
  return fmt::format("{:.2f} % valid, {:.2f} % test, after epoch {}", 100 * line->valid_accuracy(),
                     100 * line->test_accuracy(), line->epoch());
}

std::string loss(const RunData& run) {
  const proto::Metrics* last = last_line(run);
  return last != nullptr && last->has_loss() ? fmt::format("{:.4f}", last->loss()) : std::string(kNone);
}

std::string rate(const RunData& run) {
  std::vector<double> rates;
  for (const proto::Metrics& line : run.lines) {
    if (line.has_seeds_per_second()) rates.push_back(line.seeds_per_second());
  }
  if (rates.empty()) return std::string(kNone);
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::ranges::nth_element(rates, middle);
  return fmt::format("{} (median of epochs)", with_commas(static_cast<int64_t>(*middle)));
}

std::string training_seconds(const RunData& run) {
  double seconds = 0;
  for (const proto::Metrics& line : run.lines) seconds += line.seconds();
  return seconds > 0 ? human_duration(seconds) : std::string(kNone);
}

std::string machines(const RunData& run) {
  if (!run.launch) return std::string(kNone);
  std::vector<std::string> hosts(run.launch->hosts().begin(), run.launch->hosts().end());
  const size_t ranks = hosts.size();
  std::ranges::sort(hosts);
  const auto rest = std::ranges::unique(hosts);
  hosts.erase(rest.begin(), rest.end());
  return fmt::format("{} on {} host{}, {} thread{} each", ranks, hosts.size(), hosts.size() == 1 ? "" : "s",
                     run.launch->num_threads(), run.launch->num_threads() == 1 ? "" : "s");
}

std::string graph(const RunData& run) {
  if (!run.partition) return std::string(kNone);
  const proto::Partition& manifest = run.partition->manifest;
  return fmt::format("{}: {} nodes, {} adjacency entries, {} parts", manifest.dataset(),
                     with_commas(manifest.num_nodes()), with_commas(manifest.num_edges()), manifest.num_parts());
}

}  // namespace

std::string overview_section(const Runs& runs) {
  const std::vector<std::pair<std::string, std::function<std::string(const RunData&)>>> properties = {
      {"state", ending},
      {"best epoch", best},
      {"last loss", loss},
      {"seeds/s", rate},
      {"time of training", training_seconds},
      {"ranks", machines},
      {"graph", graph},
      {"folder", [](const RunData& run) { return run.folder.string(); }},
      {"gigahop", [](const RunData& run) { return run.launch ? run.launch->gigahop_version() : std::string(kNone); }}};
  std::vector<std::string> head = {""};
  for (const RunData& run : runs) head.push_back(escaped(run.name));
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, text_of] : properties) {
    std::vector<std::string>& row = rows.emplace_back(std::vector<std::string>{name});
    for (const RunData& run : runs) row.push_back(escaped(text_of(run)));
  }
  std::string html = table(head, rows);
  for (const RunData& run : runs) {
    for (const std::string& trouble : run.troubles) html += missing(run.name, trouble);
  }
  return html;
}

}  // namespace gigahop::report
