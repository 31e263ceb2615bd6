/// The local encoder of one seed, forward and backward, in the memory of the thread that works on it.
#pragma once

#include <cstdint>

#include "ops/local_encoder.h"

namespace gigahop::ops::cpu {

/// What all seeds of a call share.
struct EncoderProblem {
  const SampleLists<Cpu>& lists;
  const EncoderRows<Cpu>& rows;
  const EncoderParameters<Cpu>& parameters;
  const EncoderOptions& options;
  const float* readout_gain;  // [W] readout times gain: scores of normalised rows without the affine part

  int64_t width() const { return rows.query.cols; }
  int64_t head_width() const { return width() / options.num_heads; }
  /// T of seed b.
  int64_t num_tokens(int64_t b) const { return 3 * (lists.offsets[b + 1] - lists.offsets[b]); }
};

/// Where a group of seeds adds its parameter gradients: one [W, W] matrix and four [W] vectors.
struct ParameterSums {
  float* out_weight;
  float* out_bias;
  float* norm_gain;
  float* norm_shift;
  float* readout;
};

class EncoderSeed {
 public:
  explicit EncoderSeed(const EncoderProblem& problem) : problem_(problem) {}

  /// out [W] of seed b, whose list is not empty.
  void forward(int64_t b, float* out);

  /// Gradients of seed b by its dout [W]: token rows of query, key, value and residual side by side, [T, 4 W],
  /// overwritten; parameters added.
  void backward(int64_t b, const float* dout, float* row_gradients, const ParameterSums& sums);

  /// Seconds spent in products since construction.
  double product_seconds() const { return product_seconds_; }

 private:
  void reserve();
  void gather();
  void attend();
  void project_and_normalise();
  void read_out();
  void gradient_of_sum(const float* dout, float* row_gradients, const ParameterSums& sums);
  void gradient_of_attention(float* row_gradients);

  template <class Run>
  void timed(const Run& run);

  const EncoderProblem& problem_;
  int64_t seed_ = 0;
  int64_t tokens_ = 0;                                     // T
  int64_t weight_stride_ = 0;                              // T rounded up to a cache line
  Buffer<float> query_, key_, value_, attended_, normal_;  // [T, W]
  Buffer<float> dattended_;                                // [T, W]
  Buffer<float> weights_;                                  // [A, T, stride]
  Buffer<float> dweights_;                                 // [T, stride]
  Buffer<float> counts_;                                   // [T] of the keys
  Buffer<float> alpha_, score_, inverse_deviation_;        // [T]
  Buffer<float> scratch_;                                  // [3, W]
  Buffer<uint8_t> kept_;                                   // [T, W]
  double product_seconds_ = 0;
};

}  // namespace gigahop::ops::cpu
