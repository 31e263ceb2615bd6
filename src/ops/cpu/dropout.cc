/// Dropout of rows, masks drawn a piece of a row at a time.
#include "ops/dropout.h"

#include "base/error.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"
#include "ops/cpu/words.h"

namespace gigahop::ops {
namespace {

GIGAHOP_CLONES void drop(const float* x, const uint32_t* words, uint32_t threshold, float factor, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = words[i] >= threshold ? x[i] * factor : 0.0F;
}

GIGAHOP_CLONES void relu_drop(const float* x, const uint32_t* words, uint32_t threshold, float factor, float* y,
                              int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float rectified = x[i] > 0.0F ? x[i] * factor : 0.0F;
    y[i] = words[i] >= threshold ? rectified : 0.0F;
  }
}

GIGAHOP_CLONES void relu(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] > 0.0F ? x[i] : 0.0F;
}

GIGAHOP_CLONES void pass_where_positive(const float* dy, const float* y, float factor, float* dx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dx[i] = y[i] > 0.0F ? dy[i] * factor : 0.0F;
}

template <class Apply>
void for_each_masked(Cpu& dev, In<Cpu> x, const Dropout& dropout, VectorOf<Cpu, const OriginalId> ids,
                     int64_t rows_per_id, const Apply& apply) {
  cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) {
      const cpu::WordStream stream = cpu::word_stream(dropout, ids[r / rows_per_id]);
      const auto first_element = static_cast<uint32_t>(r % rows_per_id * x.cols);
      cpu::for_each_words(stream, first_element, x.cols,
                          [&](const uint32_t* words, int64_t offset, int64_t n) { apply(r, words, offset, n); });
    }
  });
}

void check(In<Cpu> x, const Dropout& dropout, VectorOf<Cpu, const OriginalId> ids, int64_t rows_per_id, Out<Cpu> y) {
  require(x.rows == ids.size * rows_per_id && x.rows == y.rows && x.cols == y.cols, "dropout: extents agree");
  require(dropout.probability >= 0 && dropout.probability < 1, "dropout: the probability is in [0, 1)");
}

}  // namespace

template <>
void drop_rows<Cpu>(Cpu& dev, In<Cpu> x, const Dropout& dropout, VectorOf<Cpu, const OriginalId> ids,
                    int64_t rows_per_id, Out<Cpu> y) {
  const cpu::Timed timed(dev, "drop_rows");
  check(x, dropout, ids, rows_per_id, y);
  if (dropout.probability == 0) {
    if (x.data == y.data) return;
    for (int64_t r = 0; r < x.rows; ++r) std::copy_n(x.row(r), x.cols, y.row(r));
    return;
  }
  const uint32_t threshold = dropout_threshold(dropout.probability);
  const auto factor = static_cast<float>(dropout_scale(dropout.probability));
  for_each_masked(dev, x, dropout, ids, rows_per_id, [&](int64_t r, const uint32_t* words, int64_t offset, int64_t n) {
    drop(x.row(r) + offset, words, threshold, factor, y.row(r) + offset, n);
  });
}

template <>
void relu_drop_rows<Cpu>(Cpu& dev, In<Cpu> x, const Dropout& dropout, VectorOf<Cpu, const OriginalId> ids,
                         int64_t rows_per_id, Out<Cpu> y) {
  const cpu::Timed timed(dev, "relu_drop_rows");
  check(x, dropout, ids, rows_per_id, y);
  if (dropout.probability == 0) {
    cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
      for (int64_t r = first; r < first + count; ++r) relu(x.row(r), y.row(r), x.cols);
    });
    return;
  }
  const uint32_t threshold = dropout_threshold(dropout.probability);
  const auto factor = static_cast<float>(dropout_scale(dropout.probability));
  for_each_masked(dev, x, dropout, ids, rows_per_id, [&](int64_t r, const uint32_t* words, int64_t offset, int64_t n) {
    relu_drop(x.row(r) + offset, words, threshold, factor, y.row(r) + offset, n);
  });
}

template <>
void relu_drop_rows_backward<Cpu>(Cpu& dev, In<Cpu> dy, In<Cpu> y, double probability, Out<Cpu> dx) {
  const cpu::Timed timed(dev, "relu_drop_rows_backward");
  require(dy.rows == y.rows && dy.cols == y.cols && dx.rows == y.rows && dx.cols == y.cols,
          "relu_drop_rows_backward: extents agree");
  const auto factor = static_cast<float>(dropout_scale(probability));
  cpu::for_each_block(dev, y.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) {
      pass_where_positive(dy.row(r), y.row(r), factor, dx.row(r), y.cols);
    }
  });
}

}  // namespace gigahop::ops
