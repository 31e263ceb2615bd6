/// Predictions: every node set in its order, the same on any number of ranks and for any partition of the graph.
#include <algorithm>
#include <functional>
#include <numeric>

#include <gtest/gtest.h>

#include "array/npy.h"
#include "base/error.h"
#include "comm/collectives.h"
#include "planted.h"
#include "train/predictor.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using proto::PredictConfig;

constexpr int64_t kClasses = 3;

template <class T>
std::vector<T> read(const fs::path& file) {
  const array::NpyArray array(file);
  const std::span<const T> values = array.values<T>();
  return {values.begin(), values.end()};
}

struct Predicted {
  train::PredictResult result;
  std::vector<int64_t> classes;
  std::vector<float> logits;
};

class Fixture {
 public:
  explicit Fixture(const std::string& name)
      : world(comm::Communicator::world()), folder(empty_folder(world, name)), config(planted_config()) {
    write_planted(world, folder / "partition", kPlantedParts);
    write_planted(world, folder / "five", 5);
    train_planted(world, config, folder / "partition", folder / "run");
    config.mutable_predict()->set_logits(true);
  }

  Predicted predict(const comm::Communicator& comm, const std::string& partition, const fs::path& output) const {
    Predicted predicted;
    predicted.result = train::predict(comm, config, folder / partition,
                                      ranks_of_parts(partition == "five" ? 5 : kPlantedParts, comm.size()),
                                      folder / "run", output, {.output = train::Output::kQuiet});
    predicted.classes = read<int64_t>(output / "predictions.npy");
    predicted.logits = read<float>(output / "logits.npy");
    comm::barrier(comm);
    return predicted;
  }

  comm::Communicator world;
  fs::path folder;
  proto::Config config;
};

void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) EXPECT_NEAR(a[i], b[i], 1e-4) << i;
}

/// The rows of `ids` from rows of all nodes.
std::vector<float> rows_of(const std::vector<float>& all, const std::vector<int64_t>& ids) {
  std::vector<float> rows;
  for (const int64_t id : ids) rows.insert(rows.end(), all.begin() + id * kClasses, all.begin() + (id + 1) * kClasses);
  return rows;
}

TEST(Prediction, of_all_nodes_is_in_original_order_whatever_the_ranks_and_the_partition) {
  const Fixture f("predict_all");
  const Predicted together = f.predict(f.world, "partition", f.folder / "together");
  EXPECT_EQ(together.classes.size(), static_cast<size_t>(kPlantedNodes));
  EXPECT_FALSE(fs::exists(f.folder / "together" / "nodes.npy"));
  EXPECT_FALSE(fs::exists(f.folder / "together" / "logits.npy.partial"));

  const PartitionInput input = planted_input(kPlantedParts);
  int64_t correct = 0;
  for (size_t node = 0; node < together.classes.size(); ++node) {
    const auto row = together.logits.begin() + static_cast<int64_t>(node) * kClasses;
    EXPECT_EQ(together.classes[node], std::max_element(row, row + kClasses) - row);
    if (together.classes[node] == input.labels[node]) ++correct;
  }
  EXPECT_EQ(together.result.num_labelled, kPlantedNodes);
  EXPECT_DOUBLE_EQ(together.result.accuracy, static_cast<double>(correct) / kPlantedNodes);

  const comm::Communicator self = comm::Communicator::self();
  const std::string rank = std::to_string(f.world.rank());
  expect_near(together.logits, f.predict(self, "partition", f.folder / ("alone" + rank)).logits);
  expect_near(together.logits, f.predict(f.world, "five", f.folder / "five_parts").logits);
}

TEST(Prediction, of_a_split_is_by_ascending_original_id) {
  Fixture f("predict_split");
  const Predicted all = f.predict(f.world, "partition", f.folder / "all");
  const PartitionInput input = planted_input(kPlantedParts);
  for (const auto& [nodes, ids] :
       {std::pair(PredictConfig::TRAIN, input.train), std::pair(PredictConfig::VALID, input.valid),
        std::pair(PredictConfig::TEST, input.test)}) {
    f.config.mutable_predict()->set_nodes(nodes);
    const fs::path output = f.folder / PredictConfig::Nodes_Name(nodes);
    const Predicted split = f.predict(f.world, "partition", output);
    std::vector<int64_t> sorted = ids;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(read<int64_t>(output / "nodes.npy"), sorted);
    expect_near(split.logits, rows_of(all.logits, sorted));
  }
}

TEST(Prediction, of_a_file_of_nodes_is_in_its_order_repeats_included) {
  Fixture f("predict_file");
  const Predicted all = f.predict(f.world, "partition", f.folder / "all");
  const std::vector<int64_t> ids = {200, 3, 3, 17, 0, 239, 200, 100};
  const fs::path file = f.folder / "some.npy";
  if (f.world.rank() == 0) array::write_npy<int64_t>(file, ids, {static_cast<int64_t>(ids.size())});
  comm::barrier(f.world);
  f.config.mutable_predict()->set_nodes_file(file.string());
  const Predicted some = f.predict(f.world, "partition", f.folder / "some");
  EXPECT_EQ(read<int64_t>(f.folder / "some" / "nodes.npy"), ids);
  expect_near(some.logits, rows_of(all.logits, ids));
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

TEST(Prediction, that_a_rank_is_told_to_stop_is_broken_off_and_leaves_what_was_there) {
  Fixture f("predict_stopped");
  const fs::path output = f.folder / "output";
  f.config.mutable_predict()->set_nodes(PredictConfig::TEST);
  const Predicted before = f.predict(f.world, "partition", output);
  f.config.mutable_predict()->set_nodes(PredictConfig::ALL);
  f.config.mutable_train()->set_evaluation_batch_size(64);
  const auto stop_at = [&](int64_t question) {
    int64_t num_asked = 0;
    const bool wants = f.world.rank() == question % f.world.size();
    const train::PredictResult result = train::predict(
        f.world, f.config, f.folder / "partition", ranks_of_parts(kPlantedParts, f.world.size()), f.folder / "run",
        output, {.output = train::Output::kQuiet, .is_stop_wanted = [&] { return ++num_asked > question && wants; }});
    comm::barrier(f.world);
    return result.is_stopped;
  };
  int64_t question = 0;
  while (stop_at(question)) {
    EXPECT_EQ(names_in(output), (std::vector<std::string>{"logits.npy", "nodes.npy", "predictions.npy"})) << question;
    EXPECT_EQ(read<int64_t>(output / "predictions.npy"), before.classes) << question;
    comm::barrier(f.world);
    ++question;
  }
  EXPECT_GE(question, 1 + kPlantedNodes / 64);
  EXPECT_EQ(read<int64_t>(output / "predictions.npy").size(), static_cast<size_t>(kPlantedNodes));
  comm::barrier(f.world);
}

TEST(Prediction, leaves_nothing_of_an_earlier_one_beside_it) {
  Fixture f("predict_again");
  const fs::path output = f.folder / "output";
  f.config.mutable_predict()->set_nodes(PredictConfig::TEST);
  const Predicted test = f.predict(f.world, "partition", output);
  EXPECT_TRUE(fs::exists(output / "nodes.npy"));
  EXPECT_LT(test.classes.size(), static_cast<size_t>(kPlantedNodes));
  comm::barrier(f.world);

  f.config.mutable_predict()->set_nodes(PredictConfig::ALL);
  f.config.mutable_predict()->set_logits(false);
  train::predict(f.world, f.config, f.folder / "partition", ranks_of_parts(kPlantedParts, f.world.size()),
                 f.folder / "run", output, {.output = train::Output::kQuiet});
  comm::barrier(f.world);
  EXPECT_EQ(names_in(output), std::vector<std::string>{"predictions.npy"});
  EXPECT_EQ(read<int64_t>(output / "predictions.npy").size(), static_cast<size_t>(kPlantedNodes));
  comm::barrier(f.world);
}

TEST(Prediction, refuses_nodes_that_are_none_and_leaves_nothing) {
  Fixture f("predict_refused");
  const fs::path file = f.folder / "some.npy";
  if (f.world.rank() == 0) array::write_npy<int64_t>(file, std::vector<int64_t>{1, 2, kPlantedNodes}, {3});
  comm::barrier(f.world);
  f.config.mutable_predict()->set_nodes_file(file.string());
  std::string complaint;
  try {
    f.predict(f.world, "partition", f.folder / "none");
  } catch (const Error& error) {
    complaint = error.what();
  }
  EXPECT_NE(complaint.find("some.npy[2]: expected a node in [0, 240), found 240"), std::string::npos) << complaint;
  EXPECT_FALSE(fs::exists(f.folder / "none"));
  comm::barrier(f.world);
}

}  // namespace
}  // namespace gigahop::tests
