/// How fast the operations are that take nearly all of a step: products and the local encoder.
///
/// All rates are per second of processor time, summed over threads, so that a busy machine does not change them. The
/// ceiling is the product of oneDNN at its best: 768 x 768 x 768 on one thread, measured at start.
///   OMP_NUM_THREADS=1 ops_bench [--benchmark_filter=...]
#include <benchmark/benchmark.h>

#include <cmath>
#include <ctime>
#include <vector>

#include "ops/local_encoder.h"
#include "ops/product.h"

namespace gigahop::ops {
namespace {

Matrix<float> random_matrix(int64_t rows, int64_t cols, uint64_t tag) {
  Matrix<float> matrix(rows, cols);
  for (int64_t i = 0; i < rows * cols; ++i) {
    const RandomWords words = random_words({1}, Purpose::kTest, tag, static_cast<uint64_t>(i), 0);
    matrix.data()[i] = to_normal(words[0], words[1]);
  }
  return matrix;
}

/// Floating point operations per second.
double product_peak() {
  static const double peak = [] {
    constexpr int64_t kSize = 768;
    Cpu dev{.num_threads = 1};
    const Matrix<float> a = random_matrix(kSize, kSize, 1);
    Matrix<float> c(kSize, kSize);
    double best = INFINITY;
    for (int repeat = 0; repeat < 30; ++repeat) {
      const std::clock_t start = std::clock();
      product<Cpu>(dev, Transpose::kNo, Transpose::kNo, 1, a, a, 0, c);
      best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    return 2.0 * kSize * kSize * kSize / best;
  }();
  return peak;
}

void report(benchmark::State& state, double operations) {
  const double total = operations * static_cast<double>(state.iterations());
  state.counters["flop/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
  state.counters["percent_of_peak"] = benchmark::Counter(100 * total / product_peak(), benchmark::Counter::kIsRate);
}

void product_of(benchmark::State& state) {
  const int64_t m = state.range(0);
  const int64_t n = state.range(1);
  const int64_t k = state.range(2);
  const auto transpose_a = state.range(3) == 0 ? Transpose::kNo : Transpose::kYes;
  const Matrix<float> a = transpose_a == Transpose::kNo ? random_matrix(m, k, 1) : random_matrix(k, m, 1);
  const Matrix<float> b = random_matrix(k, n, 2);
  Matrix<float> c(m, n);
  Cpu dev;
  for (auto _ : state) product<Cpu>(dev, transpose_a, Transpose::kNo, 1, a, b, 0, c);
  report(state, 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k));
}

/// 128 seeds whose lists of `entries` nodes overlap.
struct EncoderInput {
  static constexpr int64_t kNumSeeds = 128;
  int64_t num_nodes, width;
  std::vector<OriginalId> seed_ids;
  std::vector<int32_t> offsets = {0};
  std::vector<int32_t> nodes;
  std::vector<int32_t> counts;
  Matrix<float> query, key, value, residual, out_weight, vectors, dout;
  EncoderOptions options;

  EncoderInput(int64_t entries, int64_t num_heads, int64_t head_width, double probability)
      : num_nodes(kNumSeeds * entries / 4), width(num_heads * head_width) {
    for (int64_t b = 0; b < kNumSeeds; ++b) {
      seed_ids.emplace_back(b);
      for (int64_t i = 0; i < entries; ++i) nodes.push_back(static_cast<int32_t>((b * 7 + i * 5) % num_nodes));
      offsets.push_back(static_cast<int32_t>(nodes.size()));
    }
    counts.assign(nodes.size(), 1);
    query = random_matrix(3 * num_nodes, width, 1);
    key = random_matrix(3 * num_nodes, width, 2);
    value = random_matrix(3 * num_nodes, width, 3);
    residual = random_matrix(3 * num_nodes, width, 4);
    out_weight = random_matrix(width, width, 5);
    vectors = random_matrix(4, width, 6);
    dout = random_matrix(kNumSeeds, width, 7);
    options.num_heads = num_heads;
    options.inner = {.key = {1}, .purpose = Purpose::kDropoutEncoderInner, .probability = probability};
    options.outer = {.key = {1}, .purpose = Purpose::kDropoutEncoderOuter, .probability = probability};
  }

  SampleLists<Cpu> lists() const {
    const auto size = static_cast<int64_t>(nodes.size());
    return {{seed_ids.data(), kNumSeeds}, {offsets.data(), kNumSeeds + 1}, {nodes.data(), size}, {counts.data(), size}};
  }
  EncoderRows<Cpu> rows() const { return {query, key, value, residual}; }
  EncoderParameters<Cpu> parameters() const { return {out_weight, vector(0), vector(1), vector(2), vector(3)}; }
  InVector<Cpu> vector(int64_t i) const { return {vectors.row(i), width}; }

  /// Of one forward pass over all seeds.
  double operations(double attention_products, double projections) const {
    const auto tokens = static_cast<double>(3 * nodes.size() / kNumSeeds);
    const auto w = static_cast<double>(width);
    return 2.0 * kNumSeeds * (attention_products * w * tokens * tokens + projections * tokens * w * w);
  }
};

Precision precision_of(const benchmark::State& state) {
  return state.range(4) == 0 ? Precision::kFloat32 : Precision::kBFloat16;
}

EncoderInput encoder_input(const benchmark::State& state) {
  return {state.range(0) / 3, state.range(1), state.range(2), static_cast<double>(state.range(3)) / 100};
}

/// The first seed's row on the CPU is that of the reference.
void verify(benchmark::State& state, const EncoderInput& input, const Matrix<float>& out) {
  const auto widen = [](const Matrix<float>& matrix) {
    Matrix<double, Reference> wide(matrix.rows(), matrix.cols());
    std::copy_n(matrix.data(), matrix.rows() * matrix.cols(), wide.data());
    return wide;
  };
  const auto query = widen(input.query);
  const auto key = widen(input.key);
  const auto value = widen(input.value);
  const auto residual = widen(input.residual);
  const auto out_weight = widen(input.out_weight);
  const auto vectors = widen(input.vectors);
  const auto vector = [&](int64_t i) { return InVector<Reference>(vectors.row(i), input.width); };
  Reference dev;
  Matrix<double, Reference> expected(1, input.width);
  const int64_t size = input.offsets[1];
  const double largest_error = precision_of(state) == Precision::kFloat32 ? 1e-3 : 0.3;  // rows of size 1, scores of 10
  const SampleLists<Reference> first = {
      {input.seed_ids.data(), 1}, {input.offsets.data(), 2}, {input.nodes.data(), size}, {input.counts.data(), size}};
  local_encoder<Reference>(dev, first, {query, key, value, residual},
                           {out_weight, vector(0), vector(1), vector(2), vector(3)}, input.options, expected);
  for (int64_t c = 0; c < input.width; ++c) {
    if (!(std::abs(expected.row(0)[c] - static_cast<double>(out.row(0)[c])) < largest_error)) {
      state.SkipWithError("the result differs from the reference");
    }
  }
}

void encoder_forward(benchmark::State& state) {
  const EncoderInput input = encoder_input(state);
  Matrix<float> out(EncoderInput::kNumSeeds, input.width);
  Cpu dev{.precision = precision_of(state)};
  for (auto _ : state) {
    local_encoder<Cpu>(dev, input.lists(), input.rows(), input.parameters(), input.options, out);
  }
  verify(state, input, out);
  report(state, input.operations(2, 1));
}

void encoder_forward_and_backward(benchmark::State& state) {
  const EncoderInput input = encoder_input(state);
  const int64_t rows = 3 * input.num_nodes;
  Matrix<float> out(EncoderInput::kNumSeeds, input.width);
  Matrix<float> dquery(rows, input.width);
  Matrix<float> dkey(rows, input.width);
  Matrix<float> dvalue(rows, input.width);
  Matrix<float> dresidual(rows, input.width);
  Matrix<float> dout_weight(input.width, input.width);
  Matrix<float> dvectors(4, input.width);
  const auto dvector = [&](int64_t i) { return OutVector<Cpu>(dvectors.row(i), input.width); };
  Cpu dev{.precision = precision_of(state)};
  for (auto _ : state) {
    local_encoder<Cpu>(dev, input.lists(), input.rows(), input.parameters(), input.options, out);
    local_encoder_backward<Cpu>(dev, input.lists(), input.rows(), input.parameters(), input.options, input.dout,
                                {dquery, dkey, dvalue, dresidual},
                                {dout_weight, dvector(0), dvector(1), dvector(2), dvector(3)});
  }
  verify(state, input, out);
  report(state, input.operations(8, 4));
  state.counters["product_seconds"] = benchmark::Counter(dev.product_seconds, benchmark::Counter::kIsRate);
}

BENCHMARK(product_of)
    ->ArgNames({"m", "n", "k", "transposed"})
    ->Args({1024, 1024, 1024, 0})
    ->Args({30000, 128, 128, 0})
    ->Args({128, 128, 30000, 1})
    ->Args({64, 4096, 128, 0})
    ->MeasureProcessCPUTime();

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"tokens", "heads", "width", "dropout", "bf16"});
  for (const int64_t dropout : {0, 30}) {
    for (const int64_t bf16 : {0, 1}) {
      bench->Args({48, 2, 64, dropout, bf16})->Args({96, 2, 64, dropout, bf16})->Args({150, 2, 128, dropout, bf16});
      bench->Args({300, 2, 256, dropout, bf16});
    }
  }
  bench->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
}

BENCHMARK(encoder_forward)->Apply(shapes);
BENCHMARK(encoder_forward_and_backward)->Apply(shapes);

}  // namespace
}  // namespace gigahop::ops

BENCHMARK_MAIN();
