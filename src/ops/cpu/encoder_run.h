/// The local encoder of a run of seeds, forward and backward, in the memory of the thread that works on it.
///
/// Seeds of a run share nothing but the products with Wo, which would be too small for one seed of few tokens.
#pragma once

#include <cstdint>
#include <vector>

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
  /// Tokens of the seeds [first, last).
  int64_t num_tokens(int64_t first, int64_t last) const { return 3 * (lists.offsets[last] - lists.offsets[first]); }
  /// The run that starts with seed `first` ends here, at `last` at most: some 128 tokens, or one seed if it has more.
  int64_t end_of_run(int64_t first, int64_t last) const;
};

/// Where a group of seeds adds its parameter gradients: one [W, W] matrix and four [W] vectors.
struct ParameterSums {
  float* out_weight;
  float* out_bias;
  float* norm_gain;
  float* norm_shift;
  float* readout;
};

class EncoderRun {
 public:
  explicit EncoderRun(const EncoderProblem& problem) : problem_(problem) {}

  /// Rows [first, last) of out [B, W].
  void forward(int64_t first, int64_t last, Out<Cpu> out);

  /// Gradients of the seeds [first, last) by their rows of dout [B, W]: token rows of query, key, value and residual
  /// side by side, [tokens of the run, 4 W], overwritten; parameters added.
  void backward(int64_t first, int64_t last, In<Cpu> dout, float* row_gradients, const ParameterSums& sums);

  /// Seconds spent in products since construction.
  double product_seconds() const { return product_seconds_; }

 private:
  /// One seed's part of the run's memory.
  struct Seed {
    int64_t id;             // b
    int64_t first;          // its first token among those of the run
    int64_t tokens;         // T
    int64_t weight_stride;  // T rounded up to a cache line
    int64_t first_weight;   // its [A, T, stride] among the weights of the run
  };

  void reserve(int64_t first, int64_t last);
  void attend_and_normalise(int64_t first, int64_t last);
  void gather(const Seed& seed);
  void attend(const Seed& seed);
  void project();
  void normalise(const Seed& seed);
  void read_out(const Seed& seed);
  void write_out(const Seed& seed, float* out);
  void gradient_of_sum(const Seed& seed, const float* dout, float* row_gradients, const ParameterSums& sums);
  void gradient_of_projection(float* out_weight);
  void gradient_of_attention(const Seed& seed, float* row_gradients);

  template <class Run>
  void timed(const Run& run);

  const EncoderProblem& problem_;
  std::vector<Seed> seeds_;                                // those with tokens
  int64_t tokens_ = 0;                                     // of the run: N
  Buffer<float> query_, key_, value_, attended_, normal_;  // [N, W]
  Buffer<float> dattended_;                                // [N, W]
  Buffer<float> weights_;                                  // each seed's [A, T, stride]
  Buffer<float> dweights_;                                 // [T, stride] of one seed
  Buffer<float> counts_;                                   // [N] of the keys
  Buffer<float> alpha_, score_, inverse_deviation_;        // [N]
  Buffer<float> scratch_;                                  // [3, W]
  Buffer<uint8_t> kept_;                                   // [N, W]
  double product_seconds_ = 0;
};

}  // namespace gigahop::ops::cpu
