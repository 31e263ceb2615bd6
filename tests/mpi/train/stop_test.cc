/// A training that is told to stop, at whatever moment, and resumed is the training that never was stopped.
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "comm/collectives.h"
#include "planted.h"
#include "train/checkpoint_folder.h"
#include "train/metrics_log.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using train::Start;

/// What of the lines does not depend on the clock.
std::vector<std::string> figures(const fs::path& run) {
  std::vector<std::string> figures;
  for (const proto::Metrics& line : train::read_metrics(run / train::kMetricsFile)) {
    figures.push_back(fmt::format("{} {} {} loss {} {} {} {} gradient {} codewords {}", line.kind(), line.epoch(),
                                  line.step(), line.loss(), line.train_accuracy(), line.valid_accuracy(),
                                  line.test_accuracy(), line.gradient_norm(), line.codewords_used()));
  }
  return figures;
}

/// A training of which one rank wants to stop from its question `first` on.
train::TrainResult train_until(const comm::Communicator& world, const proto::Config& config, const fs::path& partition,
                               const fs::path& run, int64_t first, Start start = Start::kFresh) {
  int64_t num_asked = 0;
  const bool wants = world.rank() == first % world.size();
  const train::TrainResult result =
      train::train(world, config, partition, ranks_of_parts(kPlantedParts, world.size()), run,
                   {.start = start, .output = train::Output::kQuiet, .is_stop_wanted = [&] {
                      return ++num_asked >= first && wants;
                    }});
  comm::barrier(world);
  return result;
}

void expect_same(const Trained& whole, const fs::path& whole_run, const Trained& cut, const fs::path& cut_run) {
  EXPECT_EQ(cut.parameters, whole.parameters);
  EXPECT_EQ(cut.moments, whole.moments);
  EXPECT_EQ(cut.codes, whole.codes);
  EXPECT_EQ(fmt::format("{}", cut.result.last_loss), fmt::format("{}", whole.result.last_loss)) << "or both NaN";
  EXPECT_EQ(cut.result.best_test_accuracy, whole.result.best_test_accuracy);
  EXPECT_EQ(figures(cut_run), figures(whole_run));
  EXPECT_EQ(train::best_checkpoint(cut_run)->filename(), train::best_checkpoint(whole_run)->filename());
}

class Stop : public testing::Test {
 protected:
  Stop() : world_(comm::Communicator::world()), config_(planted_config()) {}

  void prepare(const std::string& name) {
    folder_ = empty_folder(world_, name);
    write_planted(world_, folder_ / "partition", kPlantedParts);
    whole_ = train_planted(world_, config_, folder_ / "partition", folder_ / "whole", {.is_stop_wanted = [&] {
                             ++num_questions_;
                             return false;
                           }});
  }
  Trained resume(const fs::path& run) {
    return train_planted(world_, config_, folder_ / "partition", run, {.start = Start::kResume});
  }

  comm::Communicator world_;
  proto::Config config_;
  fs::path folder_;
  Trained whole_;
  int64_t num_questions_ = 0;
};

TEST_F(Stop, at_any_question_ends_the_run_and_what_resumes_it_gives_the_same_bits) {
  prepare("any_question");
  const int64_t num_steps = whole_.result.step;
  EXPECT_GE(num_questions_, num_steps + 2 * 4) << "evaluations ask between their batches";
  for (int64_t first = 1; first <= num_questions_; ++first) {
    SCOPED_TRACE(first);
    const fs::path run = folder_ / fmt::format("cut{}", first);
    const train::TrainResult cut = train_until(world_, config_, folder_ / "partition", run, first);
    EXPECT_TRUE(cut.is_stopped);
    EXPECT_EQ(train::list_checkpoints(run / train::kCheckpointsFolder, train::Completeness::kComplete).back(),
              cut.step);
    expect_same(whole_, folder_ / "whole", resume(run), run);
    EXPECT_TRUE(resume(run).losses.empty()) << "nothing is left to do";
  }
}

TEST_F(Stop, in_the_same_evaluation_twice_changes_nothing) {
  prepare("twice");
  const fs::path run = folder_ / "cut";
  config_.mutable_train()->set_keep_last(1);
  const int64_t first = num_questions_ - 1;  // in the last evaluation
  for (const auto& [asked, start] : {std::pair(first, Start::kFresh), std::pair(int64_t{3}, Start::kResume)}) {
    const train::TrainResult cut = train_until(world_, config_, folder_ / "partition", run, asked, start);
    EXPECT_TRUE(cut.is_stopped);
    EXPECT_EQ(cut.step, whole_.result.step);
  }
  expect_same(whole_, folder_ / "whole", resume(run), run);
}

/// What is left of a whole run that was killed while it removed the checkpoints that it no longer keeps: one of them
/// still whole, one in part, and no summary.
void undo_the_end(const comm::Communicator& world, const fs::path& whole, const fs::path& run) {
  if (world.rank() == 0) {
    fs::copy(whole, run, fs::copy_options::recursive);
    const fs::path checkpoints = run / train::kCheckpointsFolder;
    for (const int64_t step : {1, 2}) {
      fs::copy(checkpoints / train::checkpoint_name(8), checkpoints / train::checkpoint_name(step),
               fs::copy_options::recursive);
    }
    fs::remove(checkpoints / train::checkpoint_name(1) / train::kDoneFile);
    const std::string lines = read_text_file(run / train::kMetricsFile);
    write_text_file(run / train::kMetricsFile, lines.substr(0, lines.find("{\"kind\":\"summary\"") + 9));
  }
  comm::barrier(world);
}

TEST_F(Stop, by_a_kill_after_the_last_checkpoint_leaves_an_end_that_the_next_run_makes_up_for) {
  prepare("after_the_last");
  const fs::path run = folder_ / "cut";
  undo_the_end(world_, folder_ / "whole", run);
  expect_same(whole_, folder_ / "whole", resume(run), run);
  for (const auto which : {train::Completeness::kComplete, train::Completeness::kIncomplete}) {
    EXPECT_EQ(train::list_checkpoints(run / train::kCheckpointsFolder, which),
              train::list_checkpoints(folder_ / "whole" / train::kCheckpointsFolder, which));
  }
}

TEST_F(Stop, that_never_was_leaves_nothing_to_change) {
  prepare("nothing_left");
  const fs::path metrics = folder_ / "whole" / train::kMetricsFile;
  const std::string lines = read_text_file(metrics);
  expect_same(whole_, folder_ / "whole", resume(folder_ / "whole"), folder_ / "whole");
  EXPECT_EQ(read_text_file(metrics), lines);
}

TEST_F(Stop, of_an_evaluation_without_training_leaves_it_to_the_next_run) {
  config_.mutable_train()->set_epochs(0);
  prepare("untrained");
  const fs::path run = folder_ / "cut";
  EXPECT_TRUE(train_until(world_, config_, folder_ / "partition", run, 2).is_stopped);
  expect_same(whole_, folder_ / "whole", resume(run), run);
}

TEST_F(Stop, does_not_come_when_all_is_done) {
  prepare("done");
  EXPECT_FALSE(train_until(world_, config_, folder_ / "partition", folder_ / "cut", num_questions_ + 1).is_stopped);
}

TEST_F(Stop, a_run_folder_that_another_training_writes_into_is_refused) {
  prepare("locked");
  std::optional<FolderLock> lock;
  if (world_.rank() == 0) lock.emplace(folder_ / "whole");
  for (const Start start : {Start::kResume, Start::kFresh}) {
    try {
      train_planted(world_, config_, folder_ / "partition", folder_ / "whole", {.start = start});
      ADD_FAILURE() << "two at once";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind, ErrorKind::kData);
      EXPECT_NE(std::string(error.what()).find("no other run writes into"), std::string::npos) << error.what();
    }
  }
  lock.reset();
  comm::barrier(world_);
  resume(folder_ / "whole");
}

}  // namespace
}  // namespace gigahop::tests
