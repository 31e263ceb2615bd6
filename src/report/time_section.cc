#include <algorithm>

#include <fmt/format.h>

#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

const std::vector<std::string> kPieces = {"waiting for data",         "forward", "backward",
                                          "gradients of other ranks", "update",  "rest"};

/// Seconds of the pieces, as listed above.
std::vector<double> pieces_of(const proto::RankFigures& rank) {
  std::vector<double> pieces = {rank.data_wait_seconds(), rank.forward_seconds(), rank.backward_seconds(),
                                rank.synchronise_seconds(), rank.update_seconds()};
  double sum = 0;
  for (const double piece : pieces) sum += piece;
  pieces.push_back(std::max(0.0, rank.seconds() - sum));
  return pieces;
}

/// Sums over the epochs that ran on as many ranks as the last, and the steps of these.
struct StepTimes {
  std::vector<std::vector<double>> by_rank;
  int64_t num_steps = 0;
  int64_t num_epochs = 0;
};

StepTimes sum_up(const RunData& run) {
  StepTimes times;
  const int num_ranks = run.lines.empty() ? 0 : run.lines.back().ranks_size();
  times.by_rank.assign(static_cast<size_t>(num_ranks), std::vector<double>(kPieces.size(), 0));
  int64_t steps_before = 0;
  for (const proto::Metrics& line : run.lines) {
    if (line.ranks_size() == num_ranks) {
      for (int rank = 0; rank < num_ranks; ++rank) {
        const std::vector<double> pieces = pieces_of(line.ranks(rank));
        for (size_t i = 0; i < pieces.size(); ++i) times.by_rank[static_cast<size_t>(rank)][i] += pieces[i];
      }
      times.num_steps += line.step() - steps_before;
      ++times.num_epochs;
    }
    steps_before = line.step();
  }
  return times;
}

std::string panel(const RunData& run) {
  StepTimes times = sum_up(run);
  if (times.by_rank.empty() || times.num_steps == 0) {
    return missing(run.name, "no epoch has ended, or it was trained before ranks were kept apart");
  }
  for (std::vector<double>& pieces : times.by_rank) {
    for (double& seconds : pieces) seconds /= static_cast<double>(times.num_steps);
  }
  return figure(BarChart{.title = run.name + ", mean of " + std::to_string(times.num_epochs) + " epochs",
                         .unit = Unit::kSeconds,
                         .pieces = kPieces,
                         .bars = numbered_bars("rank", times.by_rank)});
}

}  // namespace

std::string time_section(const Runs& runs) {
  return "<h2>Time of a step, by rank</h2>\n<p class=\"note\">Forward and backward hold the sums of batch norm and "
         "codebook over ranks, and so the waiting for slower ranks; the rest is checkpoints, sums of the loss and, on "
         "a GPU, the wait for what was queued there. An epoch that was resumed counts from where it was taken "
         "up.</p>\n" +
         panels(runs, panel);
}

}  // namespace gigahop::report
