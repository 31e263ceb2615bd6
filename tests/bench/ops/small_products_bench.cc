/// The small products of one seed's attention by three hands: gigahop's units, oneDNN and, where it is installed,
/// LIBXSMM. One thread; flop/s of processor time.
///
///   OMP_NUM_THREADS=1 ops_bench --benchmark_filter=small_product
#include <benchmark/benchmark.h>

#include <vector>

#include <dnnl.hpp>

#include "ops/cpu/units.h"

#ifdef GIGAHOP_HAS_LIBXSMM
#include <libxsmm.h>
#endif

namespace gigahop::ops::cpu {
namespace {

struct Extents {
  int64_t m, n, k;
};

Extents extents_of(const benchmark::State& state) {
  return {state.range(0), state.range(1), state.range(2)};
}

void report(benchmark::State& state) {
  const auto [m, n, k] = extents_of(state);
  const double operations = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  state.counters["flop/s"] =
      benchmark::Counter(operations * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

Buffer<float> ones(int64_t size) {
  Buffer<float> values(size);
  values.fill(1);
  return values;
}

/// Packing is part of what is measured.
void small_product_units(benchmark::State& state, UnitFormat format) {
  const auto [m, n, k] = extents_of(state);
  if (format == UnitFormat::kPairs && !has_unit_product(UnitType::kBFloat16Pair)) {
    state.SkipWithError("no AVX-512 BF16");
    return;
  }
  const Buffer<float> a = ones(m * k);
  const Buffer<float> b = ones(k * n);
  Buffer<float> c(m * n);
  Buffer<uint32_t> left;
  Buffer<uint32_t> right;
  for (auto _ : state) {
    multiply_units(format, m, n, k, pack_left(format, {a.data(), m, k, k}, left),
                   pack_right(format, {b.data(), k, n, n}, right), Accumulate::kNo, c.data(), n);
  }
  if (c.data()[m * n - 1] != static_cast<float>(k)) state.SkipWithError("the product is wrong");
  report(state);
}

/// Operands in the type of the product already.
void small_product_onednn(benchmark::State& state, dnnl::memory::data_type type) {
  const auto [m, n, k] = extents_of(state);
  using dnnl::memory;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory::desc a({m, k}, type, memory::format_tag::ab);
  const memory::desc b({k, n}, type, memory::format_tag::ab);
  const memory::desc c({m, n}, memory::data_type::f32, memory::format_tag::ab);
  const dnnl::matmul matmul(dnnl::matmul::primitive_desc({a, b, c}, engine));
  std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, memory(a, engine)}, {DNNL_ARG_WEIGHTS, memory(b, engine)}, {DNNL_ARG_DST, memory(c, engine)}};
  for (auto& [which, values] : arguments) {
    std::fill_n(static_cast<char*>(values.get_data_handle()), values.get_desc().get_size(), char{0});
  }
  for (auto _ : state) matmul.execute(stream, arguments);
  report(state);
}

#ifdef GIGAHOP_HAS_LIBXSMM
/// Column-major, so the operands change places. bfloat16 operands are interleaved already, as units are.
void small_product_libxsmm(benchmark::State& state) {
  const auto [m, n, k] = extents_of(state);
  const Buffer<float> a = ones(m * k);
  const Buffer<float> b = ones(k * n);
  Buffer<float> c(m * n);
  const auto rows = static_cast<libxsmm_blasint>(m);
  const auto cols = static_cast<libxsmm_blasint>(n);
  const auto depth = static_cast<libxsmm_blasint>(k);
  const float alpha = 1;
  const float beta = 0;
  if (state.range(3) == 0) {
    const int flags = LIBXSMM_GEMM_FLAG_NONE;
    const auto kernel = libxsmm_smmdispatch(cols, rows, depth, &cols, &depth, &cols, &alpha, &beta, &flags, nullptr);
    for (auto _ : state) kernel(b.data(), a.data(), c.data());
  } else {
    const int flags = LIBXSMM_GEMM_FLAG_VNNI_A;
    const auto kernel = libxsmm_bsmmdispatch(cols, rows, depth, &cols, &depth, &cols, &alpha, &beta, &flags, nullptr);
    if (kernel == nullptr) {
      state.SkipWithError("LIBXSMM has no kernel for these extents");
      return;
    }
    const auto as_bfloat16 = [](const Buffer<float>& x) { return reinterpret_cast<const libxsmm_bfloat16*>(x.data()); };
    for (auto _ : state) kernel(as_bfloat16(b), as_bfloat16(a), c.data());
  }
  report(state);
}
#endif

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"m", "n", "k"});
  bench->Args({36, 36, 128})->Args({150, 150, 128})->Args({150, 128, 150})->Args({150, 256, 256});
  bench->Args({300, 300, 256})->Args({300, 256, 300})->Args({300, 512, 512});
  bench->MeasureProcessCPUTime();
}

BENCHMARK_CAPTURE(small_product_units, f32, UnitFormat::kFloats)->Apply(shapes);
BENCHMARK_CAPTURE(small_product_onednn, f32, dnnl::memory::data_type::f32)->Apply(shapes);
BENCHMARK_CAPTURE(small_product_units, bf16, UnitFormat::kPairs)->Apply(shapes);
BENCHMARK_CAPTURE(small_product_onednn, bf16, dnnl::memory::data_type::bf16)->Apply(shapes);
#ifdef GIGAHOP_HAS_LIBXSMM
void libxsmm_shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"m", "n", "k", "bf16"});
  for (const int64_t bf16 : {0, 1}) {
    bench->Args({36, 36, 128, bf16})->Args({150, 150, 128, bf16})->Args({150, 128, 150, bf16});
    bench->Args({150, 256, 256, bf16})->Args({300, 300, 256, bf16})->Args({300, 256, 300, bf16});
    bench->Args({300, 512, 512, bf16});
  }
  bench->MeasureProcessCPUTime();
}
BENCHMARK(small_product_libxsmm)->Apply(libxsmm_shapes);
#endif

}  // namespace
}  // namespace gigahop::ops::cpu
