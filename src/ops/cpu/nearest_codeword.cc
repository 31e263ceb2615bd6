/// Nearest codewords: products of a few rows with all codewords at a time.
#include "ops/nearest_codeword.h"

#include <chrono>

#include "base/error.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/sgemm.h"
#include "ops/cpu/softmax_row.h"
#include "ops/cpu/timed.h"

namespace gigahop::ops {

template <>
void nearest_codeword<Cpu>(Cpu& dev, In<Cpu> rows, In<Cpu> codewords, VectorOf<Cpu, int32_t> codes) {
  const cpu::Timed timed(dev, "nearest_codeword");
  require(rows.cols == codewords.cols && codes.size == rows.rows && codewords.rows > 0,
          "nearest_codeword: extents agree");
  constexpr int64_t kRows = 64;
  const auto start = std::chrono::steady_clock::now();
  const int64_t m = codewords.rows;
  Buffer<float> norms(m);
  for (int64_t i = 0; i < m; ++i) norms.data()[i] = cpu::dot(codewords.row(i), codewords.row(i), codewords.cols);
  cpu::for_each_block(dev, rows.rows, kRows, [&](int64_t first, int64_t count) {
    thread_local Buffer<float> distances;  // less the row's own norm, which is the same for all codewords
    distances.resize(kRows * m);
    for (int64_t r = 0; r < count; ++r) std::copy_n(norms.data(), m, distances.data() + r * m);
    cpu::sgemm(count, m, rows.cols, -2, {rows.row(first), rows.stride},
               {codewords.data, codewords.stride, Transpose::kYes}, 1, distances.data(), m);
    for (int64_t r = 0; r < count; ++r) {
      const float* row = distances.data() + r * m;
      codes[first + r] = static_cast<int32_t>(std::min_element(row, row + m) - row);
    }
  });
  dev.product_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace gigahop::ops
