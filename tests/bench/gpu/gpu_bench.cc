/// What a GPU makes of the operations of a step and of the step, against what it can do at most.
///
///   gpu_bench [NAME=VALUE...]    seeds, sample, nodes, hidden, heads, features, positional, codewords, classes:
///   extents;
///                                repeats, steps: how often; copy_bytes, product_size: of what measures the ceilings
///
/// First the step's logits are compared with those of the reference in double, on a small batch. The percentages are of
/// the copy and the products that the same process measured. Prints Markdown. Exit code 1 if a result is wrong.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "device_time.h"
#include "operations.h"
#include "step.h"

namespace gigahop::bench {
namespace {

/// As tests/mpi/model/golden_test.cc allows for operands rounded to bfloat16, and tests/bench/step for float32.
constexpr double kRoundedTolerance = 0.1;
constexpr double kFloatTolerance = 1e-3;

struct Options {
  Extents extents;
  int64_t repeats = 20;
  int64_t steps = 20;
  int64_t copy_bytes = int64_t{1} << 30;
  int64_t product_size = 8192;
};

Options parse(int argc, char** argv) {
  Options options;
  Extents& extents = options.extents;
  model::ModelShape& shape = extents.model;
  const std::map<std::string_view, int64_t*> settings = {
      {"seeds", &extents.num_seeds},           {"sample", &extents.sample_size},    {"nodes", &extents.num_nodes},
      {"hidden", &shape.hidden_width},         {"heads", &shape.num_heads},         {"features", &shape.feature_width},
      {"positional", &shape.positional_width}, {"codewords", &shape.num_codewords}, {"classes", &shape.num_classes},
      {"repeats", &options.repeats},           {"steps", &options.steps},           {"copy_bytes", &options.copy_bytes},
      {"product_size", &options.product_size}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = std::min(argument.find('='), argument.size());
    const auto setting = settings.find(argument.substr(0, equals));
    const std::string_view text = argument.substr(std::min(equals + 1, argument.size()));
    int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (setting == settings.end() || parsed.ptr != text.data() + text.size() || value < 1) {
      throw config_error("gpu_bench", "NAME=VALUE, a name of its first lines and a positive integer", argument);
    }
    *setting->second = value;
  }
  require(extents.num_nodes >= std::max(extents.num_seeds, extents.sample_size), "a batch has nodes for its lists");
  return options;
}

/// Few and narrow, but more than a block or a tile of each kernel.
constexpr Extents kSmall = {
    .num_seeds = 13,
    .sample_size = 13,
    .num_nodes = 60,
    .model = {.feature_width = 20, .hidden_width = 40, .positional_width = 6, .num_codewords = 70, .num_classes = 5}};

bool check_small_step(Cuda& dev) {
  bool is_right = true;
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    dev.precision = precision;
    const double difference = difference_to_reference(dev, kSmall);
    const double allowed = precision == Precision::kFloat32 ? kFloatTolerance : kRoundedTolerance;
    is_right = is_right && difference <= allowed;
    fmt::print("Logits of a small step in {}: {:.1e} of the largest from the reference{}\n",
               precision == Precision::kFloat32 ? "float32" : "bfloat16", difference,
               difference <= allowed ? "" : ", which is too much");
  }
  return is_right;
}

void print_operation(const MeasuredOperation& operation, const Ceilings& ceilings) {
  const double bytes = operation.bytes / operation.seconds;
  std::string products = "| |";
  if (operation.operations > 0) {
    const double rate = operation.operations / operation.seconds;
    products = fmt::format("| {:.2f} | {:.1f} |", 1e-12 * rate, 100 * rate / ceilings.rounded_operations);
  }
  fmt::print("| {} | {:.3f} | {:.1f} | {:.1f} {}\n", operation.name, 1e3 * operation.seconds, 1e-9 * bytes,
             100 * bytes / ceilings.copy_bytes, products);
}

bool print_steps(Cuda& dev, const Options& options) {
  MeasuredSteps measured = measure_steps(dev, options.extents, static_cast<int>(options.steps));
  std::ranges::sort(measured.seconds);
  const double median = measured.seconds[measured.seconds.size() / 2];
  fmt::print("\nA step: {:.3f} ms (median of {}, {:.3f} to {:.3f}), {:.0f} seeds/s; loss {:.4f}\n", 1e3 * median,
             measured.seconds.size(), 1e3 * measured.seconds.front(), 1e3 * measured.seconds.back(),
             static_cast<double>(options.extents.num_seeds) / median, measured.loss);
  return std::isfinite(measured.loss);
}

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const auto repeats = static_cast<int>(options.repeats);
  Cuda dev({.precision = Precision::kBFloat16});
  const bool is_right = check_small_step(dev);
  dev.precision = Precision::kBFloat16;
  const Ceilings ceilings = measure_ceilings(dev, repeats, options.copy_bytes, options.product_size);
  fmt::print("Copy within the device: {:.1f} GB/s; products of {}: {:.2f} TFLOP/s of bfloat16, {:.2f} of float32\n\n",
             1e-9 * ceilings.copy_bytes, options.product_size, 1e-12 * ceilings.rounded_operations,
             1e-12 * ceilings.float_operations);
  const Extents& extents = options.extents;
  fmt::print("B = {}, K = {}, {} nodes, H = {}, A = {}, F = {}, G = {}, M = {}, C = {}; BF16\n\n", extents.num_seeds,
             extents.sample_size, extents.num_nodes, extents.model.hidden_width, extents.model.num_heads,
             extents.model.feature_width, extents.model.positional_width, extents.model.num_codewords,
             extents.model.num_classes);
  fmt::print(
      "| Operation | ms | GB/s | % of the copy | TFLOP/s | % of the bfloat16 product |\n|---|---|---|---|---|---|\n");
  for (const MeasuredOperation& operation : measure_operations(dev, repeats, extents)) {
    print_operation(operation, ceilings);
  }
  return print_steps(dev, options) && is_right ? 0 : 1;
}

}  // namespace
}  // namespace gigahop::bench

int main(int argc, char** argv) {
  try {
    return gigahop::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
