#include "ops/cpu/encoder_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ops/cpu/encoder_rows.h"
#include "ops/cpu/sgemm.h"
#include "ops/cpu/softmax_row.h"

namespace gigahop::ops::cpu {
namespace {

constexpr int64_t kRunTokens = 128;

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
    const int64_t stride = (tokens + 15) / 16 * 16;
    seeds_.push_back({b, problem_.num_tokens(first, b), tokens, stride, num_weights});
    num_weights += problem_.options.num_heads * tokens * stride;
  }
  tokens_ = problem_.num_tokens(first, last);
  for (Buffer<float>* rows : {&query_, &key_, &value_, &attended_, &normal_}) rows->resize(tokens_ * width);
  weights_.resize(num_weights);
  for (Buffer<float>* column : {&counts_, &alpha_, &score_, &inverse_deviation_}) column->resize(tokens_);
  scratch_.resize(3 * width);
  kept_.resize(tokens_ * width);
}

void EncoderRun::gather(const Seed& seed) {
  const int64_t width = problem_.width();
  const int64_t first = problem_.lists.offsets[seed.id];
  for (int64_t t = 0; t < seed.tokens; ++t) {
    const int64_t row = 3 * int64_t{problem_.lists.nodes[first + t / 3]} + t % 3;
    const int64_t target = (seed.first + t) * width;
    std::copy_n(problem_.rows.query.row(row), width, query_.data() + target);
    std::copy_n(problem_.rows.key.row(row), width, key_.data() + target);
    std::copy_n(problem_.rows.value.row(row), width, value_.data() + target);
    counts_.data()[seed.first + t] = static_cast<float>(problem_.lists.counts[first + t / 3]);
  }
}

void EncoderRun::attend(const Seed& seed) {
  const int64_t width = problem_.width();
  const int64_t head_width = problem_.head_width();
  const int64_t tokens = seed.tokens;
  const float factor = 1.0F / std::sqrt(static_cast<float>(head_width));
  for (int64_t a = 0; a < problem_.options.num_heads; ++a) {
    const int64_t offset = seed.first * width + a * head_width;
    float* weights = weights_.data() + seed.first_weight + a * tokens * seed.weight_stride;
    timed([&] {
      sgemm(tokens, tokens, head_width, 1, {query_.data() + offset, width},
            {key_.data() + offset, width, Transpose::kYes}, 0, weights, seed.weight_stride);
    });
    for (int64_t t = 0; t < tokens; ++t) {
      softmax_row(weights + t * seed.weight_stride, counts_.data() + seed.first, factor, tokens);
    }
    timed([&] {
      sgemm(tokens, head_width, tokens, 1, {weights, seed.weight_stride}, {value_.data() + offset, width}, 0,
            attended_.data() + offset, width);
    });
  }
}

void EncoderRun::project() {
  const int64_t width = problem_.width();
  const In<Cpu> weight = problem_.parameters.out_weight;
  timed([&] {
    sgemm(tokens_, width, width, 1, {attended_.data(), width}, {weight.data, weight.stride, Transpose::kYes}, 0,
          normal_.data(), width);
  });
}

void EncoderRun::normalise(const Seed& seed) {
  const int64_t width = problem_.width();
  uint8_t* kept = kept_.data() + seed.first * width;
  const int64_t size = seed.tokens * width;
  std::fill_n(kept, size, uint8_t{0});
  const OriginalId id = problem_.lists.seed_ids[seed.id];
  draw_mask(problem_.options.inner, id, kKeptInner, kept, size);
  draw_mask(problem_.options.outer, id, kKeptOuter, kept, size);
  const int64_t first = problem_.lists.offsets[seed.id];
  for (int64_t t = 0; t < seed.tokens; ++t) {
    const int64_t row = 3 * int64_t{problem_.lists.nodes[first + t / 3]} + t % 3;
    float* normal = normal_.data() + (seed.first + t) * width;
    inverse_deviation_.data()[seed.first + t] =
        normalise_sum(normal, problem_.parameters.out_bias.data, problem_.rows.residual.row(row), kept + t * width,
                      scales_of(problem_.options), normal, width);
    score_.data()[seed.first + t] = dot(problem_.readout_gain, normal, width);
  }
}

/// alpha: how much of each token is read, counts included; the seed's leading place comes on top.
void EncoderRun::read_out(const Seed& seed) {
  float* alpha = alpha_.data() + seed.first;
  float* counts = counts_.data() + seed.first;
  std::copy_n(score_.data() + seed.first, seed.tokens, alpha);
  counts[0] -= 1;
  softmax_row(alpha, counts, 1, seed.tokens);
  counts[0] += 1;
}

void EncoderRun::attend_and_normalise(int64_t first, int64_t last) {
  reserve(first, last);
  for (const Seed& seed : seeds_) {
    gather(seed);
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
  float* sum_of_rows = scratch_.data();
  std::fill_n(sum_of_rows, width, 0.0F);
  for (int64_t t = 0; t < seed.tokens; ++t) {
    const float weight = alpha_.data()[seed.first + t] + (t == 0 ? 1.0F : 0.0F);
    add_scaled(normal_.data() + (seed.first + t) * width, weight, sum_of_rows, width);
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
  float* dout_gain = scratch_.data();
  float* by_beta = scratch_.data() + width;
  float* by_delta = scratch_.data() + 2 * width;
  multiply(dout, parameters.norm_gain.data, dout_gain, width);
  std::fill_n(by_beta, 2 * width, 0.0F);
  const float dout_mean = sum(dout_gain, width) / static_cast<float>(width);
  const float readout_mean = sum(problem_.readout_gain, width) / static_cast<float>(width);
  float* normals = normal_.data() + seed.first * width;
  const float* alpha = alpha_.data() + seed.first;
  dweights_.resize(seed.tokens * seed.weight_stride);
  float* along_dout = dweights_.data();
  for (int64_t t = 0; t < seed.tokens; ++t) along_dout[t] = dot(dout_gain, normals + t * width, width);
  const float along_mean = dot(alpha, along_dout, seed.tokens);
  for (int64_t t = 0; t < seed.tokens; ++t) {
    float* normal = normals + t * width;
    RowGradient gradient;
    gradient.beta = alpha[t] + (t == 0 ? 1.0F : 0.0F);
    gradient.delta = alpha[t] * (along_dout[t] - along_mean);
    gradient.mean = gradient.beta * dout_mean + gradient.delta * readout_mean;
    gradient.mean_with_normal =
        (gradient.beta * along_dout[t] + gradient.delta * score_.data()[seed.first + t]) / static_cast<float>(width);
    gradient.inverse_deviation = inverse_deviation_.data()[seed.first + t];
    add_scaled(normal, gradient.beta, by_beta, gradient.delta, by_delta, width);
    normalise_sum_backward(normal, dout_gain, problem_.readout_gain, gradient, kept_.data() + (seed.first + t) * width,
                           scales_of(problem_.options), row_gradients + (4 * (seed.first + t) + 3) * width, normal,
                           sums.out_bias, width);
  }
  for (int64_t c = 0; c < width; ++c) {
    sums.norm_gain[c] += dout[c] * by_beta[c] + parameters.readout[c] * by_delta[c];
    sums.norm_shift[c] += 2.0F * dout[c];
    sums.readout[c] += parameters.norm_gain[c] * by_delta[c];
  }
}

/// Through Wo; normal_ holds the gradient of z by now.
void EncoderRun::gradient_of_projection(float* out_weight) {
  const int64_t width = problem_.width();
  const In<Cpu> weight = problem_.parameters.out_weight;
  dattended_.resize(tokens_ * width);
  timed([&] {
    sgemm(tokens_, width, width, 1, {normal_.data(), width}, {weight.data, weight.stride}, 0, dattended_.data(), width);
    sgemm(width, width, tokens_, 1, {normal_.data(), width, Transpose::kYes}, {attended_.data(), width}, 1, out_weight,
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
  dweights_.resize(tokens * seed.weight_stride);
  for (int64_t a = 0; a < problem_.options.num_heads; ++a) {
    const int64_t column = a * head_width;
    const int64_t offset = seed.first * width + column;
    const float* weights = weights_.data() + seed.first_weight + a * tokens * seed.weight_stride;
    const float* dattended = dattended_.data() + offset;
    timed([&] {
      sgemm(tokens, tokens, head_width, 1, {dattended, width}, {value_.data() + offset, width, Transpose::kYes}, 0,
            dweights_.data(), seed.weight_stride);
    });
    for (int64_t t = 0; t < tokens; ++t) {
      const float mean = dot(dattended + t * width, attended_.data() + offset + t * width, head_width);
      softmax_row_backward(weights + t * seed.weight_stride, dweights_.data() + t * seed.weight_stride, mean, factor,
                           tokens);
    }
    timed([&] {
      sgemm(tokens, head_width, tokens, 1, {dweights_.data(), seed.weight_stride}, {key_.data() + offset, width}, 0,
            target + column, stride);
      sgemm(tokens, head_width, tokens, 1, {dweights_.data(), seed.weight_stride, Transpose::kYes},
            {query_.data() + offset, width}, 0, target + width + column, stride);
      sgemm(tokens, head_width, tokens, 1, {weights, seed.weight_stride, Transpose::kYes}, {dattended, width}, 0,
            target + 2 * width + column, stride);
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
