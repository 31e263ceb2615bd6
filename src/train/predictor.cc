#include "train/predictor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <list>
#include <optional>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "model/large_gt.h"
#include "sampler/seed_plan.h"
#include "tensor/host_copy.h"
#include "train/checkpoint_reader.h"
#include "train/device_batches.h"
#include "train/model_state.h"
#include "train/node_set.h"
#include "train/setup.h"
#include "train/shared_array.h"
#include "train/with_device.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

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

/// The probability that each row's softmax gives to its largest logit: [rows, 1].
Matrix<float> largest_probabilities(MatrixView<const float> logits) {
  Matrix<float> largest(logits.rows, 1);
  for (int64_t i = 0; i < logits.rows; ++i) {
    const std::span<const float> row(logits.row(i), static_cast<size_t>(logits.cols));
    const float most = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float logit : row) sum += std::exp(static_cast<double>(logit) - most);
    *largest.row(i) = static_cast<float>(1 / sum);
  }
  return largest;
}

/// Whether the nodes are some alone, so that their ids must be told.
bool is_subset(const proto::PredictConfig& config) {
  return config.nodes() != proto::PredictConfig::ALL || !config.nodes_file().empty();
}

/// What the model says of some rows: [rows, C], [rows, H].
struct ModelOutput {
  MatrixView<const float> logits;
  MatrixView<const float> embeddings;
};

/// Where predicted rows go. Rows of neighbouring places are written together.
class Predictions {
 public:
  /// Collective.
  Predictions(const comm::Communicator& comm, const proto::PredictConfig& config, const fs::path& folder,
              const NodeSet& nodes, const model::ModelShape& shape)
      : comm_(comm),
        folder_(folder),
        places_(nodes.places),
        classes_(comm, folder / kPredictionsFile, array::DType::kInt64, {nodes.num_places}) {
    const int64_t n = nodes.num_places;
    if (config.logits()) add_column(kLogitsFile, {n, shape.num_classes}, Source::kLogits);
    if (config.embeddings()) add_column(kEmbeddingsFile, {n, shape.hidden_width}, Source::kEmbeddings);
    if (config.probabilities() || config.misfiled() > 0 || config.format() == proto::PredictConfig::CSV) {
      add_column(kProbabilitiesFile, {n}, Source::kProbabilities);
    }
    if (is_subset(config)) write_ids(nodes);
  }

  void write(std::span<const LocalId> rows, const ModelOutput& output) {
    const std::vector<Line> lines = lines_of(rows);
    const Matrix<float> probabilities = largest_probabilities(output.logits);
    for (size_t first = 0; first < lines.size();) {
      size_t end = first + 1;
      while (end < lines.size() && lines[end].place == lines[end - 1].place + 1) ++end;
      const std::span<const Line> run(lines.data() + first, end - first);
      write_classes(run, output.logits);
      for (Column& column : columns_) {
        write_rows(run,
                   column.source == Source::kLogits       ? output.logits
                   : column.source == Source::kEmbeddings ? output.embeddings
                                                          : probabilities.view(),
                   column.array);
      }
      first = end;
    }
  }

  /// Collective. Once predictions.npy has its name, what lies beside it belongs to it: files of an earlier call that
  /// are not written anew go.
  void publish() {
    classes_.close();
    for (Column& column : columns_) column.array.close();
    if (ids_.has_value()) ids_->close();
    comm::agree(comm_, [&] {
      if (comm_.rank() != 0) return;
      for (const char* name :
           {kPredictionsFile, kLogitsFile, kProbabilitiesFile, kEmbeddingsFile, kNodesFile, kPredictionsTable}) {
        remove_old(folder_ / name);
      }
      if (ids_.has_value()) ids_->take_name();
      for (Column& column : columns_) column.array.take_name();
      classes_.take_name();
      sync_folder(folder_);
    });
  }

 private:
  struct Line {
    int64_t place = 0;
    int64_t row_of_output = 0;
  };
  enum class Source { kLogits, kProbabilities, kEmbeddings };
  struct Column {
    Column(const comm::Communicator& comm, const fs::path& file, const std::vector<int64_t>& shape, Source from)
        : array(comm, file, array::DType::kFloat32, shape), source(from) {}
    SharedArray array;
    Source source;
  };

  void add_column(const char* file, const std::vector<int64_t>& shape, Source source) {
    columns_.emplace_back(comm_, folder_ / file, shape, source);
  }

  void write_ids(const NodeSet& nodes) {
    ids_.emplace(comm_, folder_ / kNodesFile, array::DType::kInt64, std::vector<int64_t>{nodes.num_places});
    comm::agree(comm_, [&] {
      if (!nodes.ids.empty()) ids_->write<OriginalId>(nodes.first_id, nodes.ids);
    });
  }

  void write_classes(std::span<const Line> run, MatrixView<const float> logits) {
    std::vector<int64_t> classes;
    for (const Line& line : run) {
      classes.push_back(argmax({logits.row(line.row_of_output), static_cast<size_t>(logits.cols)}));
    }
    classes_.write<int64_t>(run.front().place, classes);
  }

  static void write_rows(std::span<const Line> run, MatrixView<const float> rows, SharedArray& array) {
    std::vector<float> values;
    for (const Line& line : run) {
      const float* const row = rows.row(line.row_of_output);
      values.insert(values.end(), row, row + rows.cols);
    }
    array.write<float>(run.front().place, values);
  }

  static void remove_old(const fs::path& path) {
    std::error_code error;
    fs::remove(path, error);
    if (error) throw data_error(path.string(), "an earlier file that can be removed", error.message());
  }

  /// Every place of every row, ascending by place.
  std::vector<Line> lines_of(std::span<const LocalId> rows) const {
    std::vector<Line> lines;
    for (size_t b = 0; b < rows.size(); ++b) {
      auto place = std::lower_bound(places_.begin(), places_.end(), NodeSet::Place{rows[b], 0});
      for (; place != places_.end() && place->row == rows[b]; ++place) {
        lines.push_back({place->place, static_cast<int64_t>(b)});
      }
    }
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.place < b.place; });
    return lines;
  }

  const comm::Communicator& comm_;
  fs::path folder_;
  const std::vector<NodeSet::Place>& places_;
  SharedArray classes_;
  std::list<Column> columns_;
  std::optional<SharedArray> ids_;
};

CheckpointReader open_checkpoint(const comm::Communicator& comm, const fs::path& path) {
  const fs::path folder = resolve_checkpoint(comm, path);
  std::optional<CheckpointReader> reader;
  comm::agree(comm, [&] { reader.emplace(folder); });
  log_info("predicts with {}", folder.string());
  return std::move(*reader);
}

template <class Device>
class Predictor {
 public:
  Predictor(Device& device, const comm::Communicator& comm, const proto::Config& config,
            const fs::path& partition_folder, const std::vector<int32_t>& rank_of_part,
            const CheckpointReader& checkpoint)
      : comm_(comm),
        config_(config),
        device_(device),
        graph_(open_graph(comm, partition_folder, rank_of_part)),
        nodes_(find_nodes(comm, graph_, partition_folder, config.predict())),
        loader_(graph_, comm.duplicate(), loader_options(config, num_threads(config))),
        rows_(device_, comm, graph_, loader_, config),
        model_(device_, model_shape(config, graph_.partition(), positional_width(graph_)), RandomKey{config.seed()},
               comm) {
    comm::agree(comm, [&] {
      require_same_or_grown_graph(checkpoint, graph_.partition());
      require_same_encoding(checkpoint, encoding_fingerprint(graph_));
      load_model(checkpoint.model(), Needed::kEverything, model_);
    });
  }

  PredictResult run(const fs::path& folder, const PredictOptions& options) {
    if (is_told_to_stop(options)) return {.is_stopped = true};
    Predictions predictions(comm_, config_.predict(), folder, nodes_, model_.shape());
    if (!predict_all(predictions, options)) return {.is_stopped = true};
    predictions.publish();
    std::array<int64_t, 2> sums = {num_correct_, num_labelled_};
    comm::all_reduce_sum(comm_, std::span<int64_t>(sums));
    const double accuracy = sums[1] > 0 ? static_cast<double>(sums[0]) / static_cast<double>(sums[1])
                                        : std::numeric_limits<double>::quiet_NaN();
    return {.num_nodes = nodes_.num_places, .num_labelled = sums[1], .accuracy = accuracy};
  }

 private:
  bool is_told_to_stop(const PredictOptions& options) const {
    const bool is_wanted = options.is_stop_wanted && options.is_stop_wanted();
    return comm::max_over_ranks(comm_, int64_t{is_wanted}) > 0;
  }

  /// False if a rank is told to stop before the end.
  bool predict_all(Predictions& predictions, const PredictOptions& options) {
    const std::vector<LocalId> rows = nodes_.distinct_rows();
    const int64_t num_rows = comm::sum_over_ranks(comm_, static_cast<int64_t>(rows.size()));
    sampler::SeedPlan plan(graph_, rows, num_rows, config_.train().evaluation_batch_size());
    const auto request = [&plan, step = int64_t{0}]() mutable -> std::optional<sampler::BatchRequest> {
      if (step == plan.num_steps()) return std::nullopt;
      const int64_t next = step++;
      return sampler::BatchRequest{.step = next, .salt = sampler::kEvaluationSalt, .seeds = plan.seeds(0, next)};
    };
    const bool is_shown = comm_.rank() == 0 && options.output == Output::kShown;
    Progress bar("predict", "batches", plan.num_steps(),
                 is_shown ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
    DeviceBatches<Device> batches(device_, rows_, loader_, request, config_.sampler().batches_ahead());
    while (const std::optional<BatchInput<Device>> batch = batches.next()) {
      if (is_told_to_stop(options)) return false;
      const auto on_device = model_.forward(batch->model, model::Mode::kEvaluate, 0);
      batches.prepare();
      const Matrix<float> logits = host_copy(device_, on_device);
      const Matrix<float> embeddings =
          config_.predict().embeddings() ? host_copy(device_, model_.embeddings()) : Matrix<float>();
      comm::agree(comm_, [&] { predictions.write(batches.batch().seeds, {logits, embeddings}); });
      count(batches.batch().labels, logits);
      bar.advance(1);
    }
    return true;
  }

  void count(std::span<const int32_t> labels, MatrixView<const float> logits) {
    for (size_t b = 0; b < labels.size(); ++b) {
      if (labels[b] < 0) continue;
      const float* const row = logits.row(static_cast<int64_t>(b));
      ++num_labelled_;
      if (argmax({row, static_cast<size_t>(logits.cols)}) == labels[b]) ++num_correct_;
    }
  }

  const comm::Communicator& comm_;
  const proto::Config& config_;
  Device& device_;
  graph::LocalGraph graph_;
  NodeSet nodes_;
  sampler::Loader loader_;
  TokenRows<Device> rows_;
  model::LargeGt<Device> model_;
  int64_t num_correct_ = 0;
  int64_t num_labelled_ = 0;
};

}  // namespace

PredictResult predict(const comm::Communicator& comm, const proto::Config& given, const fs::path& partition_folder,
                      const std::vector<int32_t>& rank_of_part, const fs::path& checkpoint,
                      const fs::path& output_folder, const PredictOptions& options) {
  const CheckpointReader reader = open_checkpoint(comm, checkpoint);
  const proto::Config config = with_settings_of(reader.manifest(), given);
  return with_device(comm, config, [&]<class Device>(Device& device) {
    return Predictor<Device>(device, comm, config, partition_folder, rank_of_part, reader).run(output_folder, options);
  });
}

}  // namespace gigahop::train
