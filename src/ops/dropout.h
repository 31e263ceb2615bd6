/// Dropout whose masks are functions of (key, purpose, step, id, element), so they do not depend on ranks, threads or
/// the place of a row in its batch, and are drawn again instead of being kept.
///
/// Row r of a matrix with rows_per_id = n belongs to ids[r / n]; its column c is element (r % n) * cols + c of that id.
/// Element e is word e % 4 of random_words(key, purpose, step, id, e / 4), and is kept if word >= p 2^32.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/random.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

struct Dropout {
  RandomKey key;
  Purpose purpose = Purpose::kTest;
  uint64_t step = 0;
  double probability = 0;  // in [0, 1): of being dropped; 0 = identity, nothing is drawn
};

/// Elements whose word is below are dropped.
constexpr uint32_t dropout_threshold(double probability) {
  return static_cast<uint32_t>(probability * 0x1p32);
}

/// What kept elements are multiplied by.
constexpr double dropout_scale(double probability) {
  return 1.0 / (1.0 - probability);
}

/// The definition above, for one element.
inline bool is_kept(const Dropout& dropout, OriginalId id, uint32_t element) {
  const RandomWords words =
      random_words(dropout.key, dropout.purpose, dropout.step, static_cast<uint64_t>(id.value), element / 4);
  return words[element % 4] >= dropout_threshold(dropout.probability);
}

/// y = kept ? x / (1 - p) : 0. Its own backward: dx = drop_rows(dy) with the same mask.
///
/// x, y  [n * ids.size, cols]; may be the same memory
template <class Device>
void drop_rows(Device& dev, In<Device> x, const Dropout& dropout, VectorOf<Device, const OriginalId> ids,
               int64_t rows_per_id, Out<Device> y);

/// y = drop(relu(x)); y may be x.
template <class Device>
void relu_drop_rows(Device& dev, In<Device> x, const Dropout& dropout, VectorOf<Device, const OriginalId> ids,
                    int64_t rows_per_id, Out<Device> y);

/// Backward of relu_drop_rows from its output: dx = y > 0 ? dy / (1 - p) : 0. No mask is needed. dx may be dy.
template <class Device>
void relu_drop_rows_backward(Device& dev, In<Device> dy, In<Device> y, double probability, Out<Device> dx);

}  // namespace gigahop::ops
