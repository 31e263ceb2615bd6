/// What a training leaves for its report, on one rank and on several.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>

#include "../train/planted.h"
#include "comm/collectives.h"
#include "report/report_page.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using report::RunData;

int64_t sum(const std::vector<int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

double accuracy(const std::vector<int64_t>& counts, int64_t num_classes) {
  int64_t right = 0;
  for (int64_t c = 0; c < num_classes; ++c) right += counts[static_cast<size_t>(c * num_classes + c)];
  return static_cast<double>(right) / static_cast<double>(sum(counts));
}

TEST(Report, finds_everything_that_a_training_left) {
  const comm::Communicator world = comm::Communicator::world();
  const fs::path folder = empty_folder(world, "report");
  write_planted(world, folder / "partition", kPlantedParts);
  const Trained trained = train_planted(world, planted_config(), folder / "partition", folder / "run");

  const RunData run = report::read_run(folder / "run", "");
  EXPECT_TRUE(run.troubles.empty());
  EXPECT_EQ(run.lines.size(), 2U);
  EXPECT_TRUE(run.summary && run.config && run.launch && run.confusion && run.partition);
  if (!run.launch || !run.confusion || !run.partition) return;
  EXPECT_EQ(run.launch->hosts_size(), world.size());
  EXPECT_EQ(run.launch->num_epochs(), 2);
  for (const proto::Metrics& line : run.lines) {
    EXPECT_EQ(line.ranks_size(), world.size());
    EXPECT_GE(line.codebook_perplexity(), 1);
    EXPECT_LE(line.codebook_perplexity(), static_cast<double>(line.codewords_used()) + 1e-3);
    for (const proto::RankFigures& rank : line.ranks()) {
      EXPECT_GT(rank.forward_seconds(), 0);
      EXPECT_GT(rank.peak_memory_bytes(), 0);
      EXPECT_LE(rank.data_wait_seconds() + rank.forward_seconds() + rank.backward_seconds() +
                    rank.synchronise_seconds() + rank.update_seconds(),
                rank.seconds());
    }
  }
  const train::Confusion& confusion = *run.confusion;
  EXPECT_EQ(sum(confusion.valid), run.partition->manifest.num_valid());
  EXPECT_EQ(sum(confusion.test), run.partition->manifest.num_test());
  EXPECT_DOUBLE_EQ(accuracy(confusion.valid, confusion.num_classes), trained.result.best_valid_accuracy);
  EXPECT_DOUBLE_EQ(accuracy(confusion.test, confusion.num_classes), trained.result.best_test_accuracy);
  EXPECT_EQ(sum(run.partition->nodes_by_degree), kPlantedNodes);

  const std::string page = report::report_page({run});
  for (const std::string heading : {"by phase</figcaption>", "from rank to rank, collectives apart</figcaption>"}) {
    EXPECT_EQ(page.find(heading) != std::string::npos, world.size() > 1) << heading;
  }
  EXPECT_NE(page.find(fmt::format("rank {}, forward", world.size() - 1)), std::string::npos);
  EXPECT_NE(page.find("share of the true class</figcaption>"), std::string::npos);
  comm::barrier(world);
}

}  // namespace
}  // namespace gigahop::tests
