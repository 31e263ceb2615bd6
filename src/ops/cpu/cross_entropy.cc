/// Softmax, argmax and cross-entropy of rows.
#include "ops/cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"
#include "ops/softmax.h"

namespace gigahop::ops {
namespace {

constexpr int64_t kBlock = 16;

int32_t argmax(const float* x, int64_t n) {
  return static_cast<int32_t>(std::max_element(x, x + n) - x);
}

GIGAHOP_CLONES float sum_of_exponentials(const float* x, float largest, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += cpu::fast_exp(x[i] - largest);
  return sum;
}

GIGAHOP_CLONES void exponentials(const float* x, float largest, float factor, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = cpu::fast_exp(x[i] - largest) * factor;
}

}  // namespace

template <>
void softmax_rows<Cpu>(Cpu& dev, In<Cpu> x, Out<Cpu> y) {
  const cpu::Timed timed(dev, "softmax_rows");
  require(x.rows == y.rows && x.cols == y.cols && (x.cols > 0 || x.rows == 0), "softmax_rows: extents agree");
  cpu::for_each_block(dev, x.rows, kBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) {
      const float largest = x.row(r)[argmax(x.row(r), x.cols)];
      const float sum = sum_of_exponentials(x.row(r), largest, x.cols);
      exponentials(x.row(r), largest, 1.0F / sum, y.row(r), x.cols);
    }
  });
}

template <>
void argmax_rows<Cpu>(Cpu& dev, In<Cpu> x, VectorOf<Cpu, int32_t> index) {
  const cpu::Timed timed(dev, "argmax_rows");
  require(index.size == x.rows && (x.cols > 0 || x.rows == 0), "argmax_rows: extents agree");
  cpu::for_each_block(dev, x.rows, kBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) index[r] = argmax(x.row(r), x.cols);
  });
}

template <>
void cross_entropy<Cpu>(Cpu& dev, In<Cpu> logits, VectorOf<Cpu, const int32_t> labels, double scale, Out<Cpu> dlogits,
                        VectorOf<Cpu, CrossEntropy> result) {
  const cpu::Timed timed(dev, "cross_entropy");
  const bool with_gradient = dlogits.size() > 0;
  require(labels.size == logits.rows, "cross_entropy: one label for each row");
  require(!with_gradient || (dlogits.rows == logits.rows && dlogits.cols == logits.cols),
          "cross_entropy: the gradient has the extents of the logits");
  const auto factor = static_cast<float>(scale);
  Buffer<CrossEntropy> partial(cpu::num_blocks(logits.rows, kBlock));
  cpu::for_each_block(dev, logits.rows, kBlock, [&](int64_t first, int64_t count) {
    CrossEntropy mine;
    for (int64_t r = first; r < first + count; ++r) {
      if (labels[r] < 0 || labels[r] >= logits.cols) {
        mine.num_refused += 1;
        continue;
      }
      const float* row = logits.row(r);
      const int32_t best = argmax(row, logits.cols);
      const float sum = sum_of_exponentials(row, row[best], logits.cols);
      mine.num_correct += best == labels[r] ? 1 : 0;
      mine.loss_sum += std::log(static_cast<double>(sum)) - (static_cast<double>(row[labels[r]]) - row[best]);
      if (!with_gradient) continue;
      exponentials(row, row[best], factor / sum, dlogits.row(r), logits.cols);
      dlogits.row(r)[labels[r]] -= factor;
    }
    partial.data()[first / kBlock] = mine;
  });
  CrossEntropy sum;
  for (const CrossEntropy& part : partial.span()) {
    sum.loss_sum += part.loss_sum;
    sum.num_correct += part.num_correct;
    sum.num_refused += part.num_refused;
  }
  result[0] = sum;
}

}  // namespace gigahop::ops
