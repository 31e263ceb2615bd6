/// The local encoder of a run of seeds, forward and backward, in the memory of the thread that works on it.
///
/// Seeds of a run share nothing but the products with Wo, which would be too small for one seed of few tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/cpu/units.h"
#include "ops/local_encoder.h"

namespace gigahop::ops::cpu {

/// What all seeds of a call share.
struct EncoderProblem {
  const SampleLists<Cpu>& lists;
  const EncoderRows<Cpu>& rows;
  const EncoderParameters<Cpu>& parameters;
  const EncoderOptions& options;
  UnitFormat format;
  const float* readout_gain;         // [W] readout times gain: scores of normalised rows without the affine part
  RightUnits out_weight;             // Wo
  RightUnits out_weight_transposed;  // Wo^T

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

/// What a run needs while it lasts: N tokens. Kept by a thread from call to call, so that a step allocates nothing.
struct EncoderMemory {
  Buffer<int32_t> row_ids;                        // [N] of the token rows
  Buffer<float> attended, normal, dattended;      // [N, W]
  Buffer<float> weights;                          // each seed's [A, T, stride]
  Buffer<float> dweights;                         // [T, stride] of one seed
  Buffer<float> counts;                           // [N] of the keys
  Buffer<float> alpha, score, inverse_deviation;  // [N]
  Buffer<float> scratch;                          // [3, W]
  Buffer<uint8_t> kept;                           // [N, W]
  Buffer<uint32_t> left, right;                   // operands of the product under way
};

/// Bytes of an EncoderMemory for runs of seeds of up to max_tokens tokens each.
int64_t encoder_memory_bytes(UnitFormat format, int64_t max_tokens, int64_t num_heads, int64_t head_width);

/// Tokens of a run of such seeds, at most.
int64_t max_tokens_of_run(int64_t max_tokens);

class EncoderRun {
 public:
  EncoderRun(const EncoderProblem& problem, EncoderMemory& memory) : problem_(problem), memory_(memory) {}

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
  void list_rows(const Seed& seed);
  void attend(const Seed& seed);
  void project();
  void normalise(const Seed& seed);
  void read_out(const Seed& seed);
  void write_out(const Seed& seed, float* out);
  void gradient_of_sum(const Seed& seed, const float* dout, float* row_gradients, const ParameterSums& sums);
  void gradient_of_projection(float* out_weight);
  void gradient_of_attention(const Seed& seed, float* row_gradients);

  void product(int64_t m, int64_t n, int64_t depth, LeftUnits a, RightUnits b, Accumulate accumulate, float* c,
               int64_t c_stride) const {
    multiply_units(problem_.format, m, n, depth, a, b, accumulate, c, c_stride);
  }
  LeftUnits left(FloatRows x, Buffer<uint32_t>& memory) const { return pack_left(problem_.format, x, memory); }
  RightUnits right(FloatRows x, Buffer<uint32_t>& memory) const { return pack_right(problem_.format, x, memory); }
  RightUnits right_transposed(FloatRows x, Buffer<uint32_t>& memory) const {
    return pack_right_transposed(problem_.format, x, memory);
  }
  /// Columns of head a of the token rows of one seed: queries, keys or values.
  FloatRows token_rows(const Seed& seed, int64_t a, In<Cpu> rows) const {
    const int64_t head_width = problem_.head_width();
    return {rows.data + a * head_width, seed.tokens, head_width, rows.stride, memory_.row_ids.data() + seed.first};
  }
  /// Columns of head a among the rows of one seed in the run's memory.
  FloatRows head_rows(const Seed& seed, int64_t a, const Buffer<float>& rows) const {
    const int64_t width = problem_.width();
    const int64_t head_width = problem_.head_width();
    return {rows.data() + seed.first * width + a * head_width, seed.tokens, head_width, width};
  }

  template <class Run>
  void timed(const Run& run);

  const EncoderProblem& problem_;
  EncoderMemory& memory_;
  std::vector<Seed> seeds_;  // those with tokens
  int64_t tokens_ = 0;       // of the run: N
  double product_seconds_ = 0;
};

}  // namespace gigahop::ops::cpu
