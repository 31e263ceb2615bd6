/// The local encoder and its read-out as one operation: each seed attends to its own sampled tokens.
///
/// Letters: B seeds, U distinct nodes, S sample entries, A heads of width H, W = A H. Node u has the token rows
/// 3u, 3u + 1, 3u + 2. A seed's list of n entries (node, count) stands for T = 3 n tokens; repeats are counts, so
///
///   y[t]     = concat over heads a of sum_s softmax_s(q_a[t] · k_a[s] / sqrt(H) + log count[s]) v_a[s]
///   z[t]     = Wo y[t] + bo
///   o[t]     = layer_norm(drop_outer(r[t] + drop_inner(z[t])))
///   out      = o[0] + sum_t c_t exp(w · o[t]) o[t] / sum_t c_t exp(w · o[t])
///
/// where token 0 is hop 0 of the list's first entry (the seed itself), c_t is the count of t's entry, and c_0 is the
/// seed's count less its leading place: count - 1. The sums of the read-out leave out c_t = 0.
///
/// One seed at a time, in memory of the thread that works on it, or a chunk of seeds on CUDA: gigabytes of [sum T, W]
/// rows never exist, and nothing is kept between forward and backward, which computes each seed again. Products are in
/// the context's precision, but attention on CUDA, which is in float32.
/// Source: Dwivedi et al. 2023, local module; repeats folded into counts.
#pragma once

#include <cstdint>
#include <span>

#include "base/ids.h"
#include "ops/dropout.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

/// Ragged: the list of seed b is entries [offsets[b], offsets[b + 1]).
template <class Device>
struct SampleLists {
  VectorView<const OriginalId, Device> seed_ids;  // [B]
  VectorView<const int32_t, Device> offsets;      // [B + 1]
  VectorView<const int32_t, Device> nodes;        // [S] in [0, U)
  VectorView<const int32_t, Device> counts;       // [S] >= 1
  /// The offsets in host memory, for devices with memory of their own: work is planned without waiting for them.
  std::span<const int32_t> host_offsets = {};
};

/// Row 3u + h is the token of hop h of node u. All [3 U, W]; strided views of one wide matrix are fine.
template <class Device>
struct EncoderRows {
  In<Device> query;
  In<Device> key;
  In<Device> value;
  In<Device> residual;  // r = Wr e + br
};

template <class Device>
struct EncoderRowGradients {
  Out<Device> query;
  Out<Device> key;
  Out<Device> value;
  Out<Device> residual;
};

template <class Device>
struct EncoderParameters {
  In<Device> out_weight;        // Wo [W, W], [out, in]
  InVector<Device> out_bias;    // bo [W]
  InVector<Device> norm_gain;   // [W]
  InVector<Device> norm_shift;  // [W]
  InVector<Device> readout;     // w [W]
};

template <class Device>
struct EncoderParameterGradients {
  Out<Device> out_weight;
  OutVector<Device> out_bias;
  OutVector<Device> norm_gain;
  OutVector<Device> norm_shift;
  OutVector<Device> readout;
};

/// Masks: id = original id of the seed, element = (3 * index of the entry in its list + hop) * W + column.
struct EncoderOptions {
  int64_t num_heads = 1;
  Dropout inner;
  Dropout outer;
};

/// out [B, W], overwritten.
///
/// Empty  an empty list writes zeros
/// Errors Error{kInternal} if extents disagree
/// Order  bitwise repeatable and independent of the number of threads
/// Cost   2 (2 A H T^2 + T W^2) floating point operations per seed; dev.product_seconds grows by their share
template <class Device>
void local_encoder(Device& dev, const SampleLists<Device>& lists, const EncoderRows<Device>& rows,
                   const EncoderParameters<Device>& parameters, const EncoderOptions& options, Out<Device> out);

/// Gradients of the forward with the same arguments; dout [B, W]. All gradients are overwritten; rows of nodes in no
/// list become zero.
///
/// Order  as the forward: each row's gradient is summed in the order of the entries
/// Cost   2 (6 A H T^2 + 3 T W^2) floating point operations per seed
/// Memory a block of seeds at a time: some seeds for each thread, at most 128 MiB or one group of two seeds. On CUDA
///        half of the scratch memory, at most 16,384 tokens, or one seed; the order of sums changes with it
template <class Device>
void local_encoder_backward(Device& dev, const SampleLists<Device>& lists, const EncoderRows<Device>& rows,
                            const EncoderParameters<Device>& parameters, const EncoderOptions& options, In<Device> dout,
                            const EncoderRowGradients<Device>& row_gradients,
                            const EncoderParameterGradients<Device>& parameter_gradients);

}  // namespace gigahop::ops
