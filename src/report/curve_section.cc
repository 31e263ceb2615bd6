#include <functional>
#include <optional>

#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

/// What a line of metrics.jsonl has to say for a curve, if anything.
using Value = std::function<std::optional<double>(const proto::Metrics&)>;

struct Curve {
  std::string name;  // beside others of the same chart; empty: the only one
  Stroke stroke = Stroke::kSolid;
  Value value;
};

struct Chart {
  std::string title;
  Unit unit = Unit::kNumber;
  bool starts_at_zero = false;
  std::vector<Curve> curves;
  std::string absence;  // why a run may have none
};

#define GIGAHOP_VALUE(field)                                \
  [](const proto::Metrics& line) -> std::optional<double> { \
    if (!line.has_##field()) return std::nullopt;           \
    return static_cast<double>(line.field());               \
  }

const std::vector<Chart>& charts() {
  static const std::vector<Chart> all = {
      {.title = "Loss", .curves = {{"", Stroke::kSolid, GIGAHOP_VALUE(loss)}}, .absence = "no epoch has ended"},
      {.title = "Accuracy",
       .unit = Unit::kPercent,
       .curves = {{"valid", Stroke::kSolid, GIGAHOP_VALUE(valid_accuracy)},
                  {"test", Stroke::kDashed, GIGAHOP_VALUE(test_accuracy)},
                  {"train", Stroke::kDotted, GIGAHOP_VALUE(train_accuracy)}},
       .absence = "no epoch has ended"},
      {.title = "Learning rate at the end of the epoch",
       .starts_at_zero = true,
       .curves = {{"", Stroke::kSolid, GIGAHOP_VALUE(learning_rate)}},
       .absence = "no epoch has ended"},
      {.title = "Norm of the gradients, last step of the epoch",
       .starts_at_zero = true,
       .curves = {{"", Stroke::kSolid, GIGAHOP_VALUE(gradient_norm)}},
       .absence = "no epoch has ended"},
      {.title = "Seeds per second",
       .starts_at_zero = true,
       .curves = {{"", Stroke::kSolid, GIGAHOP_VALUE(seeds_per_second)}},
       .absence = "no epoch has ended"},
      {.title = "Shares of an epoch's time, mean over ranks",
       .unit = Unit::kPercent,
       .starts_at_zero = true,
       .curves = {{"matrix products", Stroke::kSolid, GIGAHOP_VALUE(product_share)},
                  {"communication", Stroke::kDashed, GIGAHOP_VALUE(comm_share)},
                  {"waiting for data", Stroke::kDotted, GIGAHOP_VALUE(data_wait_share)}},
       .absence = "no epoch has ended"},
      {.title = "Rows of other ranks that the cache had",
       .unit = Unit::kPercent,
       .starts_at_zero = true,
       .curves = {{"", Stroke::kSolid, GIGAHOP_VALUE(cache_hit_share)}},
       .absence = "no rows of other ranks were wanted"},
      {.title = "Bytes of rows fetched from other ranks, per epoch",
       .unit = Unit::kBytes,
       .starts_at_zero = true,
       .curves = {{"", Stroke::kSolid, GIGAHOP_VALUE(fetched_bytes)}},
       .absence = "no epoch has ended"},
      {.title = "Codewords in use",
       .starts_at_zero = true,
       .curves = {{"with nodes", Stroke::kSolid, GIGAHOP_VALUE(codewords_used)},
                  {"perplexity", Stroke::kDashed, GIGAHOP_VALUE(codebook_perplexity)}},
       .absence = "no epoch has ended, or the model has no codebook"}};
  return all;
}

#undef GIGAHOP_VALUE

std::vector<Point> points_of(const RunData& run, const Value& value) {
  std::vector<Point> points;
  for (const proto::Metrics& line : run.lines) {
    if (const std::optional<double> y = value(line)) points.push_back({static_cast<double>(line.epoch()), *y});
  }
  return points;
}

/// One run: a colour for each curve. Several: a colour for each run, curves told apart by their strokes.
std::string drawn(const Runs& runs, const Chart& chart, std::string& absences) {
  LineChart drawing{.title = chart.title, .unit = chart.unit, .starts_at_zero = chart.starts_at_zero};
  for (size_t r = 0; r < runs.size(); ++r) {
    size_t num_points = 0;
    for (size_t c = 0; c < chart.curves.size(); ++c) {
      const Curve& curve = chart.curves[c];
      const std::string name = curve.name.empty() ? runs[r].name
                               : runs.size() == 1 ? curve.name
                                                  : runs[r].name + ", " + curve.name;
      drawing.series.push_back({.name = name,
                                .colour = static_cast<int>(runs.size() == 1 ? c : r),
                                .stroke = curve.stroke,
                                .points = points_of(runs[r], curve.value)});
      num_points += drawing.series.back().points.size();
    }
    if (num_points == 0) absences += missing(runs[r].name + ", " + chart.title, chart.absence);
  }
  return figure(drawing);
}

}  // namespace

std::string curve_section(const Runs& runs) {
  std::string figures;
  std::string absences;
  for (const Chart& chart : charts()) figures += drawn(runs, chart, absences);
  return "<h2>Training, by epoch</h2>\n<div class=\"figures\">\n" + figures + "</div>\n" + absences;
}

}  // namespace gigahop::report
