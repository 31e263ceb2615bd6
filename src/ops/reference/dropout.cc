/// Dropout, one draw for each element.
#include "ops/dropout.h"

#include "base/error.h"

namespace gigahop::ops {

template <>
void drop_rows<Reference>(Reference&, In<Reference> x, const Dropout& dropout,
                          VectorOf<Reference, const OriginalId> ids, int64_t rows_per_id, Out<Reference> y) {
  require(x.rows == ids.size * rows_per_id && x.rows == y.rows && x.cols == y.cols, "drop_rows: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) {
      const auto element = static_cast<uint32_t>((r % rows_per_id) * x.cols + c);
      const bool kept = dropout.probability == 0 || is_kept(dropout, ids[r / rows_per_id], element);
      y.row(r)[c] = kept ? x.row(r)[c] * dropout_scale(dropout.probability) : 0;
    }
  }
}

template <>
void relu_drop_rows<Reference>(Reference& dev, In<Reference> x, const Dropout& dropout,
                               VectorOf<Reference, const OriginalId> ids, int64_t rows_per_id, Out<Reference> y) {
  require(x.rows == y.rows && x.cols == y.cols, "relu_drop_rows: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) y.row(r)[c] = std::max(x.row(r)[c], 0.0);
  }
  drop_rows<Reference>(dev, y, dropout, ids, rows_per_id, y);
}

template <>
void relu_drop_rows_backward<Reference>(Reference&, In<Reference> dy, In<Reference> y, double probability,
                                        Out<Reference> dx) {
  for (int64_t r = 0; r < y.rows; ++r) {
    for (int64_t c = 0; c < y.cols; ++c) {
      dx.row(r)[c] = y.row(r)[c] > 0 ? dy.row(r)[c] * dropout_scale(probability) : 0;
    }
  }
}

}  // namespace gigahop::ops
