/// Attention of the local encoder: the tokens of a seed attend to each other, repeats as counts.
///
///   attended_a[t] = sum over s of softmax_s(q_a[t] · k_a[s] / sqrt(H) + log count[s]) v_a[s]
///
/// Scores exist for a tile of tokens at a time; what is kept of a token is the logarithm of its sum of exponentials.
/// Plain float32 arithmetic, whatever the context's precision.
/// Source: Dao et al., "FlashAttention", 2022; backward as there, but each gradient has one block that sums it.
#pragma once

#include "ops/cuda/encoder_lists.h"

namespace gigahop::ops::cuda {

/// The widest head.
constexpr int64_t kMaxHeadWidth = 512;

/// query, key and value rows of the batch [3 U, W]; attended [T, W] and log_sums [T, A], both overwritten: rows of the
/// chunk.
///
/// Errors Error{kConfig} if a head is wider than kMaxHeadWidth
/// Order  bitwise repeatable: that of the lists
void attend(Cuda& dev, const SampleLists<Cuda>& lists, const EncoderChunk& chunk, const EncoderRows<Cuda>& rows,
            int64_t num_heads, Out<Cuda> attended, float* log_sums);

/// Rows of the chunk [T, W], overwritten.
struct AttentionGradients {
  Out<Cuda> query;
  Out<Cuda> key;
  Out<Cuda> value;
};

/// From dattended [T, W], with what attend wrote.
void attend_backward(Cuda& dev, const SampleLists<Cuda>& lists, const EncoderChunk& chunk,
                     const EncoderRows<Cuda>& rows, int64_t num_heads, In<Cuda> attended, const float* log_sums,
                     In<Cuda> dattended, const AttentionGradients& gradients);

}  // namespace gigahop::ops::cuda
