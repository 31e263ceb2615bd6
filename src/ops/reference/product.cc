/// Matrix products and affine maps, as their sums read.
#include "ops/product.h"
#include "base/error.h"
#include "ops/linear.h"

namespace gigahop::ops {
namespace {

double at(In<Reference> x, Transpose transpose, int64_t row, int64_t col) {
  return transpose == Transpose::kNo ? x.row(row)[col] : x.row(col)[row];
}

}  // namespace

template <>
void product<Reference>(Reference&, Transpose transpose_a, Transpose transpose_b, double alpha, In<Reference> a,
                        In<Reference> b, double beta, Out<Reference> c) {
  const int64_t depth = transpose_a == Transpose::kNo ? a.cols : a.rows;
  require((transpose_a == Transpose::kNo ? a.rows : a.cols) == c.rows, "product: op(A) has the rows of C");
  require((transpose_b == Transpose::kNo ? b.cols : b.rows) == c.cols, "product: op(B) has the columns of C");
  require((transpose_b == Transpose::kNo ? b.rows : b.cols) == depth, "product: op(A) and op(B) agree");
  for (int64_t i = 0; i < c.rows; ++i) {
    for (int64_t j = 0; j < c.cols; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k) sum += at(a, transpose_a, i, k) * at(b, transpose_b, k, j);
      c.row(i)[j] = alpha * sum + (beta == 0 ? 0 : beta * c.row(i)[j]);
    }
  }
}

template <>
void linear<Reference>(Reference& dev, In<Reference> x, In<Reference> weight, InVector<Reference> bias,
                       Out<Reference> y) {
  product<Reference>(dev, Transpose::kNo, Transpose::kYes, 1, x, weight, 0, y);
  if (bias.size == 0) return;
  require(bias.size == y.cols, "linear: one bias for each output");
  for (int64_t r = 0; r < y.rows; ++r) {
    for (int64_t c = 0; c < y.cols; ++c) y.row(r)[c] += bias[c];
  }
}

template <>
void linear_backward_input<Reference>(Reference& dev, In<Reference> dy, In<Reference> weight, Write write,
                                      Out<Reference> dx) {
  product<Reference>(dev, Transpose::kNo, Transpose::kNo, 1, dy, weight, write == Write::kAdd ? 1 : 0, dx);
}

template <>
void linear_backward_parameters<Reference>(Reference& dev, In<Reference> dy, In<Reference> x, Write write,
                                           Out<Reference> dweight, OutVector<Reference> dbias) {
  const double beta = write == Write::kAdd ? 1 : 0;
  product<Reference>(dev, Transpose::kYes, Transpose::kNo, 1, dy, x, beta, dweight);
  for (int64_t c = 0; c < dbias.size; ++c) {
    double sum = write == Write::kAdd ? dbias[c] : 0;
    for (int64_t r = 0; r < dy.rows; ++r) sum += dy.row(r)[c];
    dbias[c] = sum;
  }
}

}  // namespace gigahop::ops
