#include "product_ceiling.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include <dnnl.hpp>

namespace gigahop::bench {
namespace {

using dnnl::memory;
using Clock = std::chrono::steady_clock;

/// A product of oneDNN with memory of its own, ready to run.
class Product {
 public:
  Product(const ProductShape& shape, ElementType type) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const auto data = type == ElementType::kFloat32 ? memory::data_type::f32 : memory::data_type::bf16;
    const auto tag = [](bool transpose) { return transpose ? memory::format_tag::ba : memory::format_tag::ab; };
    const memory::desc a({shape.m, shape.k}, data, tag(shape.transpose_a));
    const memory::desc b({shape.k, shape.n}, data, tag(shape.transpose_b));
    const memory::desc c({shape.m, shape.n}, memory::data_type::f32, memory::format_tag::ab);
    const dnnl::matmul::primitive_desc primitive({a, b, c}, engine_);
    matmul_ = dnnl::matmul(primitive);
    arguments_ = {
        {DNNL_ARG_SRC, memory(a, engine_)}, {DNNL_ARG_WEIGHTS, memory(b, engine_)}, {DNNL_ARG_DST, memory(c, engine_)}};
    for (auto& [which, values] : arguments_) {
      const size_t bytes = values.get_desc().get_size();
      std::fill_n(static_cast<char*>(values.get_data_handle()), bytes, char{0});
    }
  }

  void run() {
    matmul_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul matmul_;
  std::unordered_map<int, memory> arguments_;
};

/// The fastest of some rounds, each long enough for the clock.
double fastest(Product& product, double operations) {
  product.run();
  const int repeats = std::max(1, static_cast<int>(2e7 / operations));
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 5; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < repeats; ++i) product.run();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count() / repeats);
  }
  return best;
}

}  // namespace

double seconds_on_all_threads(const ProductShape& shape, ElementType type, int num_threads) {
  omp_set_num_threads(num_threads);
  Product product(shape, type);
  return fastest(product, shape.operations());
}

double seconds_on_each_thread(const ProductShape& shape, ElementType type, int num_threads) {
  double sum = 0;
#pragma omp parallel num_threads(num_threads) reduction(+ : sum)
  {
    omp_set_num_threads(1);
    Product product(shape, type);
    sum += fastest(product, shape.operations());
  }
  omp_set_num_threads(num_threads);
  return sum / num_threads;
}

}  // namespace gigahop::bench
