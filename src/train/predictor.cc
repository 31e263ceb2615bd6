#include "train/predictor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "array/npy.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "model/large_gt.h"
#include "sampler/pipeline.h"
#include "sampler/seed_plan.h"
#include "tensor/cpu.h"
#include "train/batch_input.h"
#include "train/checkpoint_reader.h"
#include "train/model_state.h"
#include "train/node_set.h"
#include "train/setup.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

/// One output array that all ranks write rows of, under a partial name until finish().
class SharedArray {
 public:
  /// Collective.
  SharedArray(const comm::Communicator& comm, fs::path path, array::DType dtype, std::vector<int64_t> shape)
      : comm_(comm), path_(std::move(path)) {
    comm::agree(comm_, [&] {
      if (comm_.rank() != 0) return;
      make_folders(path_.parent_path());
      array::create_npy(partial_path(path_), dtype, shape);
    });
    comm::agree(comm_, [&] { writer_.emplace(partial_path(path_)); });
  }

  template <class T>
  void write(int64_t first_row, std::span<const T> values) {
    writer_->write_rows(first_row, std::as_bytes(values));
  }

  /// Collective: all rows are on disk, then the file gets its name.
  void finish() {
    comm::agree(comm_, [&] { writer_->close(); });
    comm::agree(comm_, [&] {
      if (comm_.rank() != 0) return;
      std::error_code error;
      fs::rename(partial_path(path_), path_, error);
      if (error) throw data_error(path_.string(), "a name that can be given", error.message());
      sync_folder(path_.parent_path());
    });
  }

 private:
  const comm::Communicator& comm_;
  fs::path path_;
  std::optional<array::NpySliceWriter> writer_;
};

/// The first of the largest.
int64_t argmax(std::span<const float> values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

NodeSet find_nodes(const comm::Communicator& comm, const graph::LocalGraph& graph, const fs::path& partition_folder,
                   const proto::PredictConfig& config) {
  if (!config.nodes_file().empty()) {
    NodeSet set;
    comm::agree(comm,
                [&] { set = nodes_of_file(graph, partition_folder, config.nodes_file(), comm.rank(), comm.size()); });
    return set;
  }
  return config.nodes() == proto::PredictConfig::ALL ? all_nodes(graph) : nodes_of_split(comm, graph, config.nodes());
}

/// Where predicted rows go. Rows of neighbouring places are written together.
class Predictions {
 public:
  Predictions(const comm::Communicator& comm, const proto::PredictConfig& config, const fs::path& folder,
              const NodeSet& nodes, int64_t num_classes)
      : places_(nodes.places), classes_(comm, folder / "predictions.npy", array::DType::kInt64, {nodes.num_places}) {
    if (config.logits()) {
      logits_.emplace(comm, folder / "logits.npy", array::DType::kFloat32,
                      std::vector<int64_t>{nodes.num_places, num_classes});
    }
  }

  /// rows ascend within each part; logits [rows, C].
  void write(std::span<const LocalId> rows, MatrixView<const float> logits) {
    struct Line {
      int64_t place;
      int64_t row_of_logits;
    };
    std::vector<Line> lines;
    for (size_t b = 0; b < rows.size(); ++b) {
      auto place = std::lower_bound(places_.begin(), places_.end(), NodeSet::Place{rows[b], 0});
      for (; place != places_.end() && place->row == rows[b]; ++place) {
        lines.push_back({place->place, static_cast<int64_t>(b)});
      }
    }
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.place < b.place; });
    std::vector<int64_t> classes;
    std::vector<float> values;
    for (size_t i = 0; i < lines.size(); ++i) {
      const float* const row = logits.row(lines[i].row_of_logits);
      classes.push_back(argmax({row, static_cast<size_t>(logits.cols)}));
      if (logits_.has_value()) values.insert(values.end(), row, row + logits.cols);
      const bool run_ends = i + 1 == lines.size() || lines[i + 1].place != lines[i].place + 1;
      if (!run_ends) continue;
      const int64_t first = lines[i].place + 1 - static_cast<int64_t>(classes.size());
      classes_.write<int64_t>(first, classes);
      if (logits_.has_value()) logits_->write<float>(first, values);
      classes.clear();
      values.clear();
    }
  }

  void finish() {
    classes_.finish();
    if (logits_.has_value()) logits_->finish();
  }

 private:
  const std::vector<NodeSet::Place>& places_;
  SharedArray classes_;
  std::optional<SharedArray> logits_;
};

void write_ids(const comm::Communicator& comm, const fs::path& folder, const NodeSet& nodes) {
  SharedArray array(comm, folder / "nodes.npy", array::DType::kInt64, {nodes.num_places});
  comm::agree(comm, [&] {
    if (!nodes.ids.empty()) array.write<OriginalId>(nodes.first_id, nodes.ids);
  });
  array.finish();
}

/// The checkpoint's model and sampler, this call's batch size and threads.
proto::Config effective_config(const proto::Config& config, const proto::Checkpoint& checkpoint) {
  proto::Config effective = config;
  effective.set_seed(checkpoint.config().seed());
  *effective.mutable_model() = checkpoint.config().model();
  *effective.mutable_sampler() = checkpoint.config().sampler();
  effective.mutable_sampler()->set_batches_ahead(config.sampler().batches_ahead());
  return effective;
}

void restore_model(const comm::Communicator& comm, const graph::LocalGraph& graph, const CheckpointReader& reader,
                   model::LargeGt<Cpu>& model) {
  comm::agree(comm, [&] {
    require_same_graph(reader, graph.partition());
    load_model(reader.model(), Needed::kEverything, model);
  });
}

}  // namespace

PredictResult predict(const comm::Communicator& comm, const proto::Config& given, const fs::path& partition_folder,
                      const std::vector<int32_t>& rank_of_part, const fs::path& checkpoint,
                      const fs::path& output_folder, Output output) {
  const fs::path folder = resolve_checkpoint(comm, checkpoint);
  std::optional<CheckpointReader> reader;
  comm::agree(comm, [&] { reader.emplace(folder, CheckpointReader::Check::kAll); });
  log_info("predicts with {}", folder.string());
  const proto::Config config = effective_config(given, reader->manifest());
  const graph::LocalGraph graph = open_graph(comm, partition_folder, rank_of_part);
  const NodeSet nodes = find_nodes(comm, graph, partition_folder, config.predict());

  Cpu device{.num_threads = num_threads(config)};
  sampler::Loader loader(graph, comm.duplicate(), loader_options(config, device.num_threads));
  model::LargeGt<Cpu> model(device, model_shape(config, graph.partition(), positional_width(graph)),
                            RandomKey{config.seed()}, comm);
  restore_model(comm, graph, *reader, model);

  const std::vector<LocalId> rows = nodes.distinct_rows();
  const int64_t num_rows = comm::sum_over_ranks(comm, static_cast<int64_t>(rows.size()));
  sampler::SeedPlan plan(graph, rows, num_rows, config.train().evaluation_batch_size());
  int64_t next_step = 0;
  const auto request = [&]() -> std::optional<sampler::BatchRequest> {
    if (next_step == plan.num_steps()) return std::nullopt;
    const int64_t step = next_step++;
    return sampler::BatchRequest{
        .epoch = 0, .step = step, .salt = sampler::kEvaluationSalt, .seeds = plan.seeds(0, step)};
  };
  Predictions predictions(comm, config.predict(), output_folder, nodes, graph.partition().num_classes());
  std::array<int64_t, 2> correct_and_labelled = {};
  {
    sampler::Pipeline pipeline(loader, request, config.sampler().batches_ahead());
    Progress bar(
        "predict", "nodes", num_rows,
        comm.rank() == 0 && output == Output::kShown ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
    while (const std::optional<sampler::MiniBatch> batch = pipeline.next()) {
      const BatchInput<Cpu> seeds(*batch);
      const auto logits = model.forward(seeds.model(), model::Mode::kEvaluate, 0);
      comm::agree(comm, [&] { predictions.write(batch->seeds, logits); });
      for (int64_t b = 0; b < batch->num_seeds(); ++b) {
        const int32_t label = batch->labels[static_cast<size_t>(b)];
        if (label < 0) continue;
        ++correct_and_labelled[1];
        if (argmax({logits.row(b), static_cast<size_t>(logits.cols)}) == label) ++correct_and_labelled[0];
      }
      bar.advance(batch->num_seeds() * comm.size());
    }
  }
  predictions.finish();
  if (!nodes.ids.empty() || config.predict().nodes() != proto::PredictConfig::ALL ||
      !config.predict().nodes_file().empty()) {
    write_ids(comm, output_folder, nodes);
  }
  comm::all_reduce_sum(comm, std::span<int64_t>(correct_and_labelled));
  return {.num_nodes = nodes.num_places,
          .num_labelled = correct_and_labelled[1],
          .accuracy = correct_and_labelled[1] > 0
                          ? static_cast<double>(correct_and_labelled[0]) / static_cast<double>(correct_and_labelled[1])
                          : std::numeric_limits<double>::quiet_NaN()};
}

}  // namespace gigahop::train
