/// gigahop's half of the benchmark `step`: training steps on batches that lie in memory, at the command of step.py.
///
///   step_bench PARTITION FOLDER [path=value ...]        settings of src/proto/config.proto; one rank
///
/// Makes one batch with COORDINATED and one with INDEPENDENT samples, writes the second and the initial weights to
/// FOLDER, and says on stdout, as JSON, what they are. Then it answers each line of stdin by one line of JSON:
///
///   step INPUT NUMBER    so many training steps: seconds of each, and of every operation in all of them
///   logits INPUT         logits of the initial weights, evaluated: written to FOLDER/INPUT.npy
///   ceiling INPUT        seconds in which oneDNN alone makes the products of a step, and their operations
#include <omp.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "array/npy.h"
#include "array/safetensors.h"
#include "base/error.h"
#include "batch_variants.h"
#include "comm/collectives.h"
#include "config/config.h"
#include "product_ceiling.h"
#include "sampler/seed_plan.h"
#include "train/batch_input.h"
#include "train/model_state.h"
#include "train/setup.h"
#include "train/step.h"

namespace gigahop::bench {
namespace {

namespace fs = std::filesystem;
using sampler::MiniBatch;

class Bench {
 public:
  Bench(const comm::Communicator& comm, const fs::path& partition, const fs::path& folder, const proto::Config& config)
      : comm_(comm),
        config_(config),
        folder_(folder),
        device_(train::cpu_device(config)),
        graph_(train::open_graph(comm, partition, {0})) {
    make_batches();
    start();
    write_weights();
  }

  std::string describe() const {
    const model::ModelShape& shape = model_->shape();
    std::vector<std::string> inputs;
    for (const auto& [name, batch] : batches_) {
      inputs.push_back(fmt::format(R"("{}": {{"seeds": {}, "nodes": {}, "entries": {}}})", name, batch.num_seeds(),
                                   batch.num_nodes(), batch.sample_nodes.size()));
    }
    return fmt::format(R"({{"features": {}, "positional": {}, "codewords": {}, "classes": {}, "inputs": {{{}}}}})",
                       shape.feature_width, shape.positional_width, shape.num_codewords, shape.num_classes,
                       fmt::join(inputs, ", "));
  }

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::string input;
    int number = 1;
    words >> verb >> input >> number;
    const auto found = batches_.find(input);
    require(found != batches_.end(), "a command names an input");
    if (verb == "step") return steps(found->second, number);
    if (verb == "logits") return logits(input, found->second);
    require(verb == "ceiling", "a command is step, logits or ceiling");
    return ceiling(found->second);
  }

 private:
  void make_batches() {
    sampler::SeedPlan plan(graph_, sampler::Split::kTrain, graph_.partition().num_train(), config_.train().batch_size(),
                           sampler::SeedOrder::kShuffled, RandomKey{config_.seed()});
    for (const auto sampling : {proto::SamplerConfig::COORDINATED, proto::SamplerConfig::INDEPENDENT}) {
      config_.mutable_sampler()->set_sampling(sampling);
      sampler::Loader loader(graph_, comm_.duplicate(), train::loader_options(config_, device_.num_threads));
      batches_[proto::SamplerConfig::Sampling_Name(sampling)] =
          loader.load({.epoch = 0, .step = 0, .salt = 0, .seeds = plan.seeds(0, 0)});
    }
    write_arrays(folder_, batches_.at("INDEPENDENT"));
    batches_["NO_SHARED_TOKENS"] = without_shared_tokens(batches_.at("COORDINATED"));
    batches_["NO_COUNTS"] = without_counts(batches_.at("COORDINATED"));
    batches_["NEITHER"] = without_shared_tokens(without_counts(batches_.at("INDEPENDENT")));
  }

  void start() {
    const model::ModelShape shape = train::model_shape(config_, graph_.partition(), train::positional_width(graph_));
    model_.emplace(device_, shape, RandomKey{config_.seed()}, comm_);
    optimizer_.emplace(device_, model_->parameters().values().size, train::OptimizerOptions{});
    assignments_.emplace(device_, graph_, shape.num_codewords, RandomKey{config_.seed()});
    model_->set_histogram(assignments_->histogram(comm_));
    step_.emplace(comm_, *model_, *optimizer_, *assignments_);
  }

  void write_weights() {
    const std::vector<train::SavedTensor> saved = train::save_model(*model_);
    std::vector<array::TensorToWrite> tensors;
    for (const train::SavedTensor& tensor : saved) {
      tensors.push_back({.name = tensor.name, .shape = tensor.shape, .bytes = std::as_bytes(std::span(tensor.values))});
    }
    array::write_safetensors(folder_ / "model.safetensors", tensors);
  }

  struct Measured {
    std::vector<double> seconds;                      // of each step
    std::map<std::string, OperationTime> operations;  // of all steps
    double loss = 0;                                  // of the last
  };

  /// One step to warm up, and `number` steps.
  Measured measure(const MiniBatch& batch, int number) {
    Measured result;
    for (int i = 0; i <= number; ++i) {
      if (i == 1) device_.times = &result.operations;
      const auto start = std::chrono::steady_clock::now();
      result.loss = step_
                        ->run(train::views_of(batch),
                              {.step = steps_done_++, .num_seeds_all = batch.num_seeds(), .learning_rate = 1e-3})
                        .loss_sum /
                    static_cast<double>(batch.num_seeds());
      if (i > 0) {
        result.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      }
    }
    device_.times = nullptr;
    return result;
  }

  std::string steps(const MiniBatch& batch, int number) {
    const Measured measured = measure(batch, number);
    std::vector<std::string> operations;
    for (const auto& [name, time] : measured.operations) {
      operations.push_back(fmt::format(R"("{}": [{}, {}])", name, time.calls / number, time.seconds / number));
    }
    return fmt::format(R"({{"seconds": [{}], "operations": {{{}}}, "loss": {}}})", fmt::join(measured.seconds, ", "),
                       fmt::join(operations, ", "), measured.loss);
  }

  std::string logits(const std::string& name, const MiniBatch& batch) {
    start();
    const auto found = model_->forward(train::views_of(batch).model, model::Mode::kEvaluate, 0);
    const std::span<const float> values(found.data, static_cast<size_t>(found.size()));
    array::write_npy<float>(folder_ / (name + ".npy"), values, {found.rows, found.cols});
    return fmt::format(R"({{"written": "{}.npy"}})", name);
  }

  /// Large products are known from the operations of one step, those within attention from the batch.
  std::string ceiling(const MiniBatch& batch) {
    double seconds = 0;
    double operations = 0;
    const ElementType type = device_.precision == Precision::kFloat32 ? ElementType::kFloat32 : ElementType::kBFloat16;
    for (const auto& [name, time] : measure(batch, 1).operations) {
      ProductShape shape;
      char a = 'N';
      char b = 'N';
      if (std::sscanf(name.c_str(), "product %c%c %ldx%ldx%ld", &a, &b, &shape.m, &shape.n, &shape.k) != 5) continue;
      shape.transpose_a = a == 'T';
      shape.transpose_b = b == 'T';
      const double calls = static_cast<double>(time.calls);
      seconds += calls * seconds_on_all_threads(shape, type, device_.num_threads);
      operations += calls * shape.operations();
    }
    for (const auto& [shape, count] : attention_products(batch)) {
      const ProductShape product = {shape[0], shape[1], shape[2], shape[3] == 1, shape[4] == 1};
      seconds += count * seconds_on_each_thread(product, type, device_.num_threads) / device_.num_threads;
      operations += count * product.operations();
    }
    return fmt::format(R"({{"seconds": {}, "operations": {}}})", seconds, operations);
  }

  /// {m, n, k, transpose a, transpose b} and how often a thread makes it: local attention with its own T, the
  /// codebook's attention in tiles as tall as a register block needs. Recomputed ones count: they are part of the work
  /// as it is done.
  std::map<std::array<int64_t, 5>, double> attention_products(const MiniBatch& batch) const {
    std::map<std::array<int64_t, 5>, double> products;
    const model::ModelShape& shape = model_->shape();
    const int64_t head = shape.hidden_width;
    const int64_t width = shape.attention_width();
    const auto heads = static_cast<double>(shape.num_heads);
    for (size_t b = 0; shape.has_local() && b < batch.seeds.size(); ++b) {
      const int64_t t = 3 * (batch.sample_offsets[b + 1] - batch.sample_offsets[b]);
      products[{t, t, head, 0, 1}] += 3 * heads;  // scores twice, gradient of the weights
      products[{t, head, t, 0, 0}] += 3 * heads;  // values twice, gradient of the queries
      products[{t, head, t, 1, 0}] += 2 * heads;  // gradients of keys and values
      products[{t, width, width, 0, 1}] += 2;     // projection
      products[{t, width, width, 0, 0}] += 1;
      products[{width, width, t, 1, 0}] += 1;
    }
    if (!shape.has_global()) return products;
    constexpr int64_t kRows = 64;
    const double tiles = static_cast<double>(batch.num_seeds()) / kRows;
    const int64_t codewords = shape.num_codewords;
    products[{kRows, codewords, head, 0, 1}] += 3 * tiles * heads;
    products[{kRows, head, codewords, 0, 0}] += 2 * tiles * heads;
    products[{codewords, head, kRows, 1, 0}] += 2 * tiles * heads;
    products[{kRows, codewords, 2 * shape.positional_width, 0, 1}] += tiles;
    return products;
  }

  const comm::Communicator& comm_;
  proto::Config config_;
  fs::path folder_;
  Cpu device_;
  graph::LocalGraph graph_;
  std::map<std::string, MiniBatch> batches_;
  std::optional<model::LargeGt<Cpu>> model_;
  std::optional<train::Optimizer<Cpu>> optimizer_;
  std::optional<train::Assignments<Cpu>> assignments_;
  std::optional<train::Step<Cpu>> step_;
  int64_t steps_done_ = 0;
};

int run(int argc, char** argv) {
  comm::Environment environment(&argc, &argv);
  const comm::Communicator comm = comm::Communicator::world();
  proto::Config config = config::load_config({});
  for (int i = 3; i < argc; ++i) config::apply_override(config, argv[i]);
  config::validate(config);
  Bench bench(comm, argv[1], argv[2], config);
  std::cout << bench.describe() << std::endl;
  for (std::string line; std::getline(std::cin, line);) std::cout << bench.answer(line) << std::endl;
  return 0;
}

}  // namespace
}  // namespace gigahop::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("step_bench PARTITION FOLDER [path=value ...]\n", stderr);
    return 2;
  }
  try {
    return gigahop::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
