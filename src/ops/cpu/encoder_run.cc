#include "ops/cpu/encoder_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ops/cpu/encoder_rows.h"
#include "ops/cpu/softmax_row.h"

namespace gigahop::ops::cpu {
namespace {

constexpr int64_t kRunTokens = 128;

/// Rows of attention weights begin on cache lines.
int64_t weight_stride(int64_t tokens) {
  return (tokens + 15) / 16 * 16;
}

MaskScales scales_of(const EncoderOptions& options) {
  return {static_cast<float>(dropout_scale(options.inner.probability)),
          static_cast<float>(dropout_scale(options.outer.probability))};
}

}  // namespace

int64_t EncoderProblem::end_of_run(int64_t first, int64_t last) const {
  int64_t end = std::min(first + 1, last);
  while (end < last && num_tokens(first, end + 1) <= kRunTokens) ++end;
  return end;
}

int64_t max_tokens_of_run(int64_t max_tokens) {
  return std::max(max_tokens, kRunTokens);
}

int64_t encoder_memory_bytes(UnitFormat format, int64_t max_tokens, int64_t num_heads, int64_t head_width) {
  const int64_t run_tokens = max_tokens_of_run(max_tokens);
  const int64_t width = num_heads * head_width;
  const int64_t stride = weight_stride(max_tokens);
  const int64_t floats = 3 * run_tokens * width + (num_heads * run_tokens + max_tokens) * stride;
  const int64_t operand = std::max(run_tokens * width, max_tokens * stride);
  const int64_t operand_bytes = format == UnitFormat::kPairs ? 2 * operand : 4 * operand;
  // Pairs: two operands, and a copy of the left one where tiles want it in order.
  const int64_t operands_bytes = format == UnitFormat::kFloats ? 8 * max_tokens * head_width : 3 * operand_bytes;
  return 4 * floats + run_tokens * (width + 4) + operands_bytes;
}

template <class Run>
void EncoderRun::timed(const Run& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  product_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void EncoderRun::reserve(int64_t first, int64_t last) {
  const int64_t width = problem_.width();
  seeds_.clear();
  int64_t num_weights = 0;
  for (int64_t b = first; b < last; ++b) {
    const int64_t tokens = problem_.num_tokens(b, b + 1);
    if (tokens == 0) continue;
    const int64_t stride = weight_stride(tokens);
    seeds_.push_back({b, problem_.num_tokens(first, b), tokens, stride, num_weights});
    num_weights += problem_.options.num_heads * tokens * stride;
  }
  tokens_ = problem_.num_tokens(first, last);
  memory_.row_ids.resize(tokens_);
  memory_.attended.resize(tokens_ * width);
  memory_.normal.resize(tokens_ * width);
  memory_.weights.resize(num_weights);
  for (Buffer<float>* column : {&memory_.counts, &memory_.alpha, &memory_.score, &memory_.inverse_deviation})
    column->resize(tokens_);
  memory_.scratch.resize(3 * width);
  memory_.kept.resize(tokens_ * width);
}

void EncoderRun::list_rows(const Seed& seed) {
  const int64_t first = problem_.lists.offsets[seed.id];
  for (int64_t t = 0; t < seed.tokens; ++t) {
    memory_.row_ids.data()[seed.first + t] = static_cast<int32_t>(3 * problem_.lists.nodes[first + t / 3] + t % 3);
    memory_.counts.data()[seed.first + t] = static_cast<float>(problem_.lists.counts[first + t / 3]);
  }
}

void EncoderRun::attend(const Seed& seed) {
  const int64_t width = problem_.width();
  const int64_t head_width = problem_.head_width();
  const int64_t tokens = seed.tokens;
  const float factor = 1.0F / std::sqrt(static_cast<float>(head_width));
  for (int64_t a = 0; a < problem_.options.num_heads; ++a) {
    const int64_t offset = seed.first * width + a * head_width;
    float* weights = memory_.weights.data() + seed.first_weight + a * tokens * seed.weight_stride;
    timed([&] {
      product(tokens, tokens, head_width, left(token_rows(seed, a, problem_.rows.query), memory_.left),
              right_transposed(token_rows(seed, a, problem_.rows.key), memory_.right), Accumulate::kNo, weights,
              seed.weight_stride);
    });
    for (int64_t t = 0; t < tokens; ++t) {
      softmax_row(weights + t * seed.weight_stride, memory_.counts.data() + seed.first, factor, tokens);
    }
    timed([&] {
      product(tokens, head_width, tokens, left({weights, tokens, tokens, seed.weight_stride}, memory_.left),
              right(token_rows(seed, a, problem_.rows.value), memory_.right), Accumulate::kNo,
              memory_.attended.data() + offset, width);
    });
  }
}

void EncoderRun::project() {
  const int64_t width = problem_.width();
  timed([&] {
    product(tokens_, width, width, left({memory_.attended.data(), tokens_, width, width}, memory_.left),
            problem_.out_weight_transposed, Accumulate::kNo, memory_.normal.data(), width);
  });
}

void EncoderRun::normalise(const Seed& seed) {
  const int64_t width = problem_.width();
  uint8_t* kept = memory_.kept.data() + seed.first * width;
  const int64_t size = seed.tokens * width;
  std::fill_n(kept, size, uint8_t{0});
  const OriginalId id = problem_.lists.seed_ids[seed.id];
  draw_mask(problem_.options.inner, id, kKeptInner, kept, size);
  draw_mask(problem_.options.outer, id, kKeptOuter, kept, size);
  for (int64_t t = 0; t < seed.tokens; ++t) {
    const int64_t row = memory_.row_ids.data()[seed.first + t];
    float* normal = memory_.normal.data() + (seed.first + t) * width;
    memory_.inverse_deviation.data()[seed.first + t] =
        normalise_sum(normal, problem_.parameters.out_bias.data, problem_.rows.residual.row(row), kept + t * width,
                      scales_of(problem_.options), normal, width);
    memory_.score.data()[seed.first + t] = dot(problem_.readout_gain, normal, width);
  }
}

/// alpha: how much of each token is read, counts included; the seed's leading place comes on top.
void EncoderRun::read_out(const Seed& seed) {
  float* alpha = memory_.alpha.data() + seed.first;
  float* counts = memory_.counts.data() + seed.first;
  std::copy_n(memory_.score.data() + seed.first, seed.tokens, alpha);
  counts[0] -= 1;
  softmax_row(alpha, counts, 1, seed.tokens);
  counts[0] += 1;
}

void EncoderRun::attend_and_normalise(int64_t first, int64_t last) {
  reserve(first, last);
  for (const Seed& seed : seeds_) {
    list_rows(seed);
    attend(seed);
  }
  project();
  for (const Seed& seed : seeds_) {
    normalise(seed);
    read_out(seed);
  }
}

void EncoderRun::write_out(const Seed& seed, float* out) {
  const int64_t width = problem_.width();
  float* sum_of_rows = memory_.scratch.data();
  std::fill_n(sum_of_rows, width, 0.0F);
  for (int64_t t = 0; t < seed.tokens; ++t) {
    const float weight = memory_.alpha.data()[seed.first + t] + (t == 0 ? 1.0F : 0.0F);
    add_scaled(memory_.normal.data() + (seed.first + t) * width, weight, sum_of_rows, width);
  }
  // The weights sum to 2: the leading place, and the softmax.
  for (int64_t c = 0; c < width; ++c) {
    out[c] = sum_of_rows[c] * problem_.parameters.norm_gain[c] + 2.0F * problem_.parameters.norm_shift[c];
  }
}

void EncoderRun::forward(int64_t first, int64_t last, Out<Cpu> out) {
  attend_and_normalise(first, last);
  for (int64_t b = first; b < last; ++b) std::fill_n(out.row(b), out.cols, 0.0F);
  for (const Seed& seed : seeds_) write_out(seed, out.row(seed.id));
}

/// From the read-out through the norm and the masks. With x the normalised rows, o = gain x + shift, so the gradient of
/// x[t] is beta_t (gain dout) + delta_t (gain readout), and its means follow from dot products that are at hand.
void EncoderRun::gradient_of_sum(const Seed& seed, const float* dout, float* row_gradients, const ParameterSums& sums) {
  const int64_t width = problem_.width();
  const EncoderParameters<Cpu>& parameters = problem_.parameters;
  float* dout_gain = memory_.scratch.data();
  float* by_beta = memory_.scratch.data() + width;
  float* by_delta = memory_.scratch.data() + 2 * width;
  multiply(dout, parameters.norm_gain.data, dout_gain, width);
  std::fill_n(by_beta, 2 * width, 0.0F);
  const float dout_mean = sum(dout_gain, width) / static_cast<float>(width);
  const float readout_mean = sum(problem_.readout_gain, width) / static_cast<float>(width);
  float* normals = memory_.normal.data() + seed.first * width;
  const float* alpha = memory_.alpha.data() + seed.first;
  memory_.dweights.resize(seed.tokens * seed.weight_stride);
  float* along_dout = memory_.dweights.data();
  for (int64_t t = 0; t < seed.tokens; ++t) along_dout[t] = dot(dout_gain, normals + t * width, width);
  const float along_mean = dot(alpha, along_dout, seed.tokens);
  for (int64_t t = 0; t < seed.tokens; ++t) {
    float* normal = normals + t * width;
    RowGradient gradient;
    gradient.beta = alpha[t] + (t == 0 ? 1.0F : 0.0F);
    gradient.delta = alpha[t] * (along_dout[t] - along_mean);
    gradient.mean = gradient.beta * dout_mean + gradient.delta * readout_mean;
    gradient.mean_with_normal =
        (gradient.beta * along_dout[t] + gradient.delta * memory_.score.data()[seed.first + t]) /
        static_cast<float>(width);
    gradient.inverse_deviation = memory_.inverse_deviation.data()[seed.first + t];
    add_scaled(normal, gradient.beta, by_beta, gradient.delta, by_delta, width);
    normalise_sum_backward(normal, dout_gain, problem_.readout_gain, gradient,
                           memory_.kept.data() + (seed.first + t) * width, scales_of(problem_.options),
                           row_gradients + (4 * (seed.first + t) + 3) * width, normal, sums.out_bias, width);
  }
  for (int64_t c = 0; c < width; ++c) {
    sums.norm_gain[c] += dout[c] * by_beta[c] + parameters.readout[c] * by_delta[c];
    sums.norm_shift[c] += 2.0F * dout[c];
    sums.readout[c] += parameters.norm_gain[c] * by_delta[c];
  }
}

/// Through Wo; memory_.normal holds the gradient of z by now.
void EncoderRun::gradient_of_projection(float* out_weight) {
  const int64_t width = problem_.width();
  memory_.dattended.resize(tokens_ * width);
  const FloatRows dprojected = {memory_.normal.data(), tokens_, width, width};
  timed([&] {
    product(tokens_, width, width, left(dprojected, memory_.left), problem_.out_weight, Accumulate::kNo,
            memory_.dattended.data(), width);
    product(width, width, tokens_, transposed_left(right(dprojected, memory_.left)),
            right({memory_.attended.data(), tokens_, width, width}, memory_.right), Accumulate::kYes, out_weight,
            width);
  });
}

/// From y to the rows of query, key and value.
void EncoderRun::gradient_of_attention(const Seed& seed, float* row_gradients) {
  const int64_t width = problem_.width();
  const int64_t head_width = problem_.head_width();
  const int64_t tokens = seed.tokens;
  const float factor = 1.0F / std::sqrt(static_cast<float>(head_width));
  const int64_t stride = 4 * width;
  float* target = row_gradients + seed.first * stride;
  memory_.dweights.resize(tokens * seed.weight_stride);
  for (int64_t a = 0; a < problem_.options.num_heads; ++a) {
    const int64_t column = a * head_width;
    const int64_t offset = seed.first * width + column;
    const float* weights = memory_.weights.data() + seed.first_weight + a * tokens * seed.weight_stride;
    const FloatRows dattended = head_rows(seed, a, memory_.dattended);
    timed([&] {
      product(tokens, tokens, head_width, left(dattended, memory_.left),
              right_transposed(token_rows(seed, a, problem_.rows.value), memory_.right), Accumulate::kNo,
              memory_.dweights.data(), seed.weight_stride);
    });
    for (int64_t t = 0; t < tokens; ++t) {
      const float mean = dot(dattended.data + t * width, memory_.attended.data() + offset + t * width, head_width);
      softmax_row_backward(weights + t * seed.weight_stride, memory_.dweights.data() + t * seed.weight_stride, mean,
                           factor, tokens);
    }
    const FloatRows scores = {memory_.dweights.data(), tokens, tokens, seed.weight_stride};
    timed([&] {
      product(tokens, head_width, tokens, left(scores, memory_.left),
              right(token_rows(seed, a, problem_.rows.key), memory_.right), Accumulate::kNo, target + column, stride);
      product(tokens, head_width, tokens, transposed_left(right(scores, memory_.left)),
              right(token_rows(seed, a, problem_.rows.query), memory_.right), Accumulate::kNo, target + width + column,
              stride);
      product(tokens, head_width, tokens,
              transposed_left(right({weights, tokens, tokens, seed.weight_stride}, memory_.left)),
              right(dattended, memory_.right), Accumulate::kNo, target + 2 * width + column, stride);
    });
  }
}

void EncoderRun::backward(int64_t first, int64_t last, In<Cpu> dout, float* row_gradients, const ParameterSums& sums) {
  attend_and_normalise(first, last);
  for (const Seed& seed : seeds_) gradient_of_sum(seed, dout.row(seed.id), row_gradients, sums);
  gradient_of_projection(sums.out_weight);
  for (const Seed& seed : seeds_) gradient_of_attention(seed, row_gradients);
}

}  // namespace gigahop::ops::cpu
