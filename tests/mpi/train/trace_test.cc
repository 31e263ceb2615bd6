/// The timeline of a training: a JSON file that holds every step of every rank, with spans that nest.
#include "train/trace_file.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "comm/collectives.h"
#include "planted.h"
#include "train/metrics_log.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Value;

struct Span {
  std::string name;
  double begin = 0;
  double end = 0;
  int64_t number = -1;
};
/// By rank and thread.
using Timelines = std::map<std::pair<int, std::string>, std::vector<Span>>;

Timelines read_timelines(const fs::path& file) {
  std::ifstream stream(file);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  google::protobuf::Struct json;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &json).ok()) << file;
  std::map<std::pair<int, int>, std::string> names;
  Timelines timelines;
  for (const Value& event : json.fields().at("traceEvents").list_value().values()) {
    const auto& fields = event.struct_value().fields();
    const auto number = [&](const char* name) { return fields.at(name).number_value(); };
    const int rank = static_cast<int>(number("pid"));
    if (fields.at("name").string_value() == "process_name") continue;
    const int thread = static_cast<int>(number("tid"));
    if (fields.at("ph").string_value() == "M") {
      names[{rank, thread}] = fields.at("args").struct_value().fields().at("name").string_value();
      continue;
    }
    Span span{fields.at("name").string_value(), number("ts"), number("ts") + number("dur")};
    if (fields.contains("args")) {
      span.number = static_cast<int64_t>(fields.at("args").struct_value().fields().at("number").number_value());
    }
    timelines[{rank, names.at({rank, thread})}].push_back(span);
  }
  return timelines;
}

/// Rounding of the times in the file, microseconds.
constexpr double kRounding = 0.002;

void expect_nested(std::vector<Span> spans) {
  std::ranges::sort(
      spans, [](const Span& a, const Span& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
  std::vector<Span> open;
  for (const Span& span : spans) {
    EXPECT_LE(span.begin, span.end);
    while (!open.empty() && open.back().end <= span.begin + kRounding) open.pop_back();
    EXPECT_TRUE(open.empty() || span.end <= open.back().end + kRounding) << span.name;
    open.push_back(span);
  }
}

TEST(Trace, of_a_training_holds_every_step_of_every_rank_in_spans_that_nest) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "trace");
  write_planted(world, folder / "partition", kPlantedParts);
  const Trained trained = train_planted(world, planted_config(), folder / "partition", folder / "run",
                                        {.trace = folder / "timelines" / "trace.json"});
  const Timelines timelines = read_timelines(folder / "timelines" / "trace.json");
  for (int rank = 0; rank < world.size(); ++rank) {
    std::set<int64_t> steps;
    std::map<std::string, size_t> counts;
    for (const auto& [place, spans] : timelines) {
      if (place.first != rank) continue;
      expect_nested(spans);
      for (const Span& span : spans) {
        ++counts[place.second + ": " + span.name];
        if (span.name == "step") steps.insert(span.number);
      }
    }
    EXPECT_EQ(steps.size(), trained.losses.size());
    EXPECT_EQ(*steps.rbegin(), trained.result.step - 1);
    for (const char* name : {"forward", "backward", "synchronise", "update"}) {
      EXPECT_EQ(counts[std::string("steps: ") + name], trained.losses.size()) << name;
    }
    EXPECT_EQ(counts["steps: evaluation"], 2U);
    EXPECT_EQ(counts["steps: checkpoint"], 2U);
    EXPECT_GE(counts["checkpoint: write"], 1U);
    EXPECT_GT(counts["steps: wait"], trained.losses.size());
    for (const char* name : {"sample", "fetch", "assemble"}) {
      EXPECT_GT(counts[std::string("data: ") + name], trained.losses.size()) << name;
    }
    EXPECT_TRUE(world.size() == 1 || counts["data: exchange"] > 0);
  }
}

TEST(Trace, stops_when_it_is_full_and_stays_a_valid_file) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path file = empty_folder(world, "full_trace") / "trace.json";
  train::TraceFile timeline(world, file, 5);
  for (int64_t i = 0; i < 9; ++i) const trace::Span span("step", i);
  timeline.finish();
  comm::barrier(world);
  size_t kept = 0;
  for (const auto& [place, spans] : read_timelines(file)) kept += spans.size();
  EXPECT_EQ(kept, static_cast<size_t>(5 * world.size()));
}

TEST(Trace, that_cannot_be_written_is_refused_before_the_training) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "no_trace");
  if (world.rank() == 0) write_text_file(folder / "file", "in the way");
  comm::barrier(world);
  EXPECT_THROW(train::TraceFile(world, folder / "file" / "trace.json"), Error);
}

TEST(Traffic, of_a_training_is_in_its_metrics_by_phase_and_by_pair) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "traffic");
  write_planted(world, folder / "partition", kPlantedParts);
  proto::Config config = planted_config();
  config.mutable_sampler()->set_cache_policy(proto::SamplerConfig::NONE);
  train_planted(world, config, folder / "partition", folder / "run");
  const auto lines = train::read_metrics(folder / "run" / train::kMetricsFile);
  EXPECT_EQ(lines.size(), 3U);
  const proto::Metrics& summary = lines.back();
  std::map<std::string, proto::PhaseTraffic> phases;
  int64_t bytes = 0;
  for (const proto::PhaseTraffic& phase : summary.traffic()) {
    phases[phase.phase()] = phase;
    bytes += phase.bytes();
  }
  for (const proto::PairTraffic& pair : summary.pairs()) bytes -= pair.bytes();
  EXPECT_EQ(bytes, 0) << "pairs and phases are two views of the same messages";
  const int64_t size = world.size();
  EXPECT_EQ(summary.pairs_size(), size * (size - 1));
  std::map<std::pair<int, int>, int64_t> left;  // of what was sent, after the last epoch's line
  for (const proto::PairTraffic& pair : summary.pairs()) left[{pair.sender(), pair.receiver()}] = pair.bytes();
  for (int epoch = 0; epoch < 2; ++epoch) {
    EXPECT_EQ(lines.at(epoch).pairs_size(), size * (size - 1));
    for (const proto::PairTraffic& pair : lines.at(epoch).pairs())
      left[{pair.sender(), pair.receiver()}] -= pair.bytes();
  }
  for (const auto& [pair, bytes_left] : left) {
    EXPECT_GE(bytes_left, 0);
    EXPECT_LT(bytes_left, 4096) << "a checkpoint is all that is sent after it";
  }
  if (size == 1) {
    EXPECT_EQ(summary.traffic_size(), 0);
    return;
  }
  // Five buckets: head, global attention, seed branch, local attention, token branch.
  EXPECT_EQ(phases.at("gradients").collectives(), 8 * 5 * size);
  // Three batch norms: two sums forward, one backward.
  EXPECT_EQ(phases.at("batch norm").collectives(), 8 * 9 * size);
  EXPECT_EQ(phases.at("codebook").collectives(), 8 * 3 * size);
  for (const char* phase : {"sampling", "features"}) EXPECT_GT(phases.at(phase).bytes(), 0) << phase;
  for (const char* phase : {"evaluation", "checkpoint"}) EXPECT_GT(phases.at(phase).collectives(), 0) << phase;
  // Questions and answers of the directory, 8 bytes each, are among the features; so are questions for rows.
  EXPECT_GT(phases.at("features").bytes(), lines[0].fetched_bytes() + lines[1].fetched_bytes());
  EXPECT_GT(lines.at(0).traffic_size(), 3);
}

}  // namespace
}  // namespace gigahop::tests
