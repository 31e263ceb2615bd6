/// Pages of runs that are half-written, strangely named, or several.
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "report/report_page.h"
#include "train/metrics_log.h"
#include "train/progress_file.h"

namespace gigahop::report {
namespace {

namespace fs = std::filesystem;

fs::path empty_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / "report_test" / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

size_t count(const std::string& text, const std::string& word) {
  size_t times = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++times;
  return times;
}

proto::Metrics epoch(int64_t number, double loss) {
  proto::Metrics metrics;
  metrics.set_kind("epoch");
  metrics.set_step(10 * number);
  metrics.set_epoch(number);
  metrics.set_loss(loss);
  return metrics;
}

/// Two classes and two parts, everything there is of a partition but its shards.
PartitionData small_partition(const std::string& class_name) {
  proto::Partition manifest;
  manifest.set_num_parts(2);
  manifest.set_num_nodes(12);
  manifest.add_class_names(class_name);
  manifest.add_class_names("other");
  for (const int64_t owned : {5, 7}) manifest.add_parts()->set_num_owned(owned);
  proto::QuotientEdge& edge = *manifest.add_quotient();
  edge.set_a(0);
  edge.set_b(1);
  edge.set_weight(3);
  return {.folder = "data/small/partition", .manifest = manifest, .nodes_by_degree = {1, 4, 7}};
}

TEST(ReportPage, says_what_a_half_written_run_lacks) {
  const fs::path folder = empty_folder("half");
  {
    train::MetricsLog log(folder, -1);
    for (const auto& [number, loss] : {std::pair(1, 0.75), std::pair(2, 0.5)}) {
      proto::Metrics line = epoch(number, loss);
      proto::PairTraffic& pair = *line.add_pairs();
      pair.set_sender(1);
      pair.set_receiver(2);
      pair.set_bytes(1024);
      log.append(line);
    }
  }
  std::ofstream(folder / train::kMetricsFile, std::ios::app) << "{\"kind\": \"epo";
  std::ofstream(folder / "launch.textproto") << "no proto at all";
  std::ofstream(folder / train::kProgressFile) << "epoch: 3 step_in_epoch: 40 steps_per_epoch: 150";
  const RunData run = read_run(folder, "");
  ASSERT_EQ(run.lines.size(), 2U);
  ASSERT_EQ(run.troubles.size(), 1U);
  EXPECT_NE(run.troubles[0].find("launch.textproto"), std::string::npos);

  const std::string page = report_page({run});
  EXPECT_NE(page.find("half, epoch 2: 0.5"), std::string::npos);
  EXPECT_NE(page.find("20 steps; 40 of 150 steps of epoch 3; not ended when this was read"), std::string::npos);
  EXPECT_NE(page.find("from rank 1, to rank 2: 2.0 KiB"), std::string::npos) << "what its epochs sent, summed";
  for (const std::string why : {"has no config.textproto", "does not say where its partition is",
                                "counted at the first evaluation", "before ranks were kept apart"}) {
    EXPECT_NE(page.find(why), std::string::npos) << why;
  }
}

TEST(ReportPage, has_a_page_for_a_run_without_an_epoch) {
  const fs::path folder = empty_folder("begun");
  std::ofstream(folder / "config.textproto") << "train { epochs: 4 }";
  const std::string page = report_page({read_run(folder, "")});
  EXPECT_NE(page.find("has not come to the end of an epoch"), std::string::npos);
  EXPECT_NE(page.find("train.epochs"), std::string::npos);
}

TEST(ReadRun, refuses_a_folder_that_is_no_run) {
  try {
    read_run(empty_folder("none"), "");
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kData);
    EXPECT_NE(std::string(error.what()).find("a run folder"), std::string::npos);
  }
}

TEST(ReportPage, escapes_the_names_of_runs_and_classes) {
  const std::string evil = "<b onclick='x'>&\"";
  RunData run{.name = "run " + evil, .folder = evil};
  run.partition = small_partition(evil);
  run.confusion = train::Confusion{.step = 3, .num_classes = 2, .valid = {1, 2, 3, 4}, .test = {0, 0, 0, 0}};
  run.config.emplace().set_workspace(evil);
  run.troubles = {evil};
  const std::string page = report_page({run});
  EXPECT_EQ(page.find("<b onclick"), std::string::npos);
  EXPECT_GE(count(page, "&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;"), 8U);
}

TEST(ReportPage, shows_what_differs_between_runs_and_a_shared_partition_once) {
  std::vector<RunData> runs(2);
  for (size_t i = 0; i < runs.size(); ++i) {
    runs[i].name = "same";
    runs[i].folder = i == 0 ? "a/same" : "b/same";
    runs[i].config.emplace().mutable_train()->set_epochs(i == 0 ? 4 : 9);
    runs[i].config->mutable_train()->set_batch_size(7);
    runs[i].lines = {epoch(1, 1), epoch(2, 0.5)};
    runs[i].partition = small_partition("one");
  }
  const std::string page = report_page(runs);
  EXPECT_NE(page.find("a/same, epoch 2"), std::string::npos);
  EXPECT_EQ(count(page, "small/partition, nodes by degree</figcaption>"), 1U);
  const std::string differing =
      page.substr(page.find("What differs"), page.find("What is not") - page.find("What differs"));
  EXPECT_NE(differing.find("train.epochs"), std::string::npos);
  EXPECT_EQ(differing.find("train.batch_size"), std::string::npos);
}

TEST(ReportPage, needs_nothing_from_elsewhere) {
  RunData run{.name = "alone", .folder = "alone"};
  run.lines = {epoch(1, 1)};
  run.partition = small_partition("one");
  const std::string page = report_page({run});
  for (const std::string resource : {"http:", "https:", "src=", "@import", "url("}) {
    EXPECT_EQ(page.find(resource), std::string::npos) << resource;
  }
}

}  // namespace
}  // namespace gigahop::report
