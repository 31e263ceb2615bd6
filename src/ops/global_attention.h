/// Attention of every seed over the codebook, each codeword weighted by how many nodes are assigned to it.
///
///   out_a[b] = sum over m of softmax_m(q_a[b] · k_a[m] / sqrt(H) + log n_m) v_a[m],  n_m = 0 excluded
///
/// Letters: B seeds, M codewords, A heads of width H, W = A H. Scores exist for a block of seeds at a time.
/// Products are in the context's precision.
/// Source: Kong et al. 2023, global module.
#pragma once

#include <cstdint>

#include "tensor/arguments.h"

namespace gigahop::ops {

/// query, out [B, W]; keys, values [M, W]; histogram [M] = n, >= 0. out overwritten.
///
/// Empty  all n = 0: out is zero
/// Order  bitwise repeatable and independent of the number of threads
/// Cost   4 B M W floating point operations
template <class Device>
void global_attention(Device& dev, int64_t num_heads, In<Device> query, In<Device> keys, In<Device> values,
                      VectorOf<Device, const int64_t> histogram, Out<Device> out);

/// dquery [B, W], dkeys and dvalues [M, W], all overwritten. Scores are computed again.
template <class Device>
void global_attention_backward(Device& dev, int64_t num_heads, In<Device> query, In<Device> keys, In<Device> values,
                               VectorOf<Device, const int64_t> histogram, In<Device> dout, Out<Device> dquery,
                               Out<Device> dkeys, Out<Device> dvalues);

}  // namespace gigahop::ops
