#include "ops/cpu/encoder_seed.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ops/cpu/encoder_rows.h"
#include "ops/cpu/sgemm.h"
#include "ops/cpu/softmax_row.h"

namespace gigahop::ops::cpu {
namespace {

MaskScales scales_of(const EncoderOptions& options) {
  return {static_cast<float>(dropout_scale(options.inner.probability)),
          static_cast<float>(dropout_scale(options.outer.probability))};
}

}  // namespace

template <class Run>
void EncoderSeed::timed(const Run& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  product_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void EncoderSeed::reserve() {
  const int64_t width = problem_.width();
  weight_stride_ = (tokens_ + 15) / 16 * 16;
  for (Buffer<float>* rows : {&query_, &key_, &value_, &attended_, &normal_}) rows->resize(tokens_ * width);
  weights_.resize(problem_.options.num_heads * tokens_ * weight_stride_);
  for (Buffer<float>* column : {&counts_, &alpha_, &score_, &inverse_deviation_}) column->resize(tokens_);
  scratch_.resize(3 * width);
  kept_.resize(tokens_ * width);
}

void EncoderSeed::gather() {
  const int64_t width = problem_.width();
  const int64_t first = problem_.lists.offsets[seed_];
  for (int64_t t = 0; t < tokens_; ++t) {
    const int64_t row = 3 * int64_t{problem_.lists.nodes[first + t / 3]} + t % 3;
    std::copy_n(problem_.rows.query.row(row), width, query_.data() + t * width);
    std::copy_n(problem_.rows.key.row(row), width, key_.data() + t * width);
    std::copy_n(problem_.rows.value.row(row), width, value_.data() + t * width);
    counts_.data()[t] = static_cast<float>(problem_.lists.counts[first + t / 3]);
  }
}

void EncoderSeed::attend() {
  const int64_t width = problem_.width();
  const int64_t head_width = problem_.head_width();
  const float factor = 1.0F / std::sqrt(static_cast<float>(head_width));
  for (int64_t a = 0; a < problem_.options.num_heads; ++a) {
    const int64_t column = a * head_width;
    float* weights = weights_.data() + a * tokens_ * weight_stride_;
    timed([&] {
      sgemm(tokens_, tokens_, head_width, 1, {query_.data() + column, width},
            {key_.data() + column, width, Transpose::kYes}, 0, weights, weight_stride_);
    });
    for (int64_t t = 0; t < tokens_; ++t) softmax_row(weights + t * weight_stride_, counts_.data(), factor, tokens_);
    timed([&] {
      sgemm(tokens_, head_width, tokens_, 1, {weights, weight_stride_}, {value_.data() + column, width}, 0,
            attended_.data() + column, width);
    });
  }
}

void EncoderSeed::project_and_normalise() {
  const int64_t width = problem_.width();
  const EncoderParameters<Cpu>& parameters = problem_.parameters;
  timed([&] {
    sgemm(tokens_, width, width, 1, {attended_.data(), width},
          {parameters.out_weight.data, parameters.out_weight.stride, Transpose::kYes}, 0, normal_.data(), width);
  });
  std::fill_n(kept_.data(), kept_.size(), uint8_t{0});
  const OriginalId id = problem_.lists.seed_ids[seed_];
  draw_mask(problem_.options.inner, id, kKeptInner, kept_.data(), kept_.size());
  draw_mask(problem_.options.outer, id, kKeptOuter, kept_.data(), kept_.size());
  const int64_t first = problem_.lists.offsets[seed_];
  for (int64_t t = 0; t < tokens_; ++t) {
    const int64_t row = 3 * int64_t{problem_.lists.nodes[first + t / 3]} + t % 3;
    float* normal = normal_.data() + t * width;
    inverse_deviation_.data()[t] = normalise_sum(normal, parameters.out_bias.data, problem_.rows.residual.row(row),
                                                 kept_.data() + t * width, scales_of(problem_.options), normal, width);
    score_.data()[t] = dot(problem_.readout_gain, normal, width);
  }
}

/// alpha: how much of each token is read, counts included; the seed's leading place comes on top.
void EncoderSeed::read_out() {
  std::copy_n(score_.data(), tokens_, alpha_.data());
  counts_.data()[0] -= 1;
  softmax_row(alpha_.data(), counts_.data(), 1, tokens_);
  counts_.data()[0] += 1;
}

void EncoderSeed::forward(int64_t b, float* out) {
  seed_ = b;
  tokens_ = problem_.num_tokens(b);
  reserve();
  gather();
  attend();
  project_and_normalise();
  read_out();
  const int64_t width = problem_.width();
  float* sum_of_rows = scratch_.data();
  std::fill_n(sum_of_rows, width, 0.0F);
  for (int64_t t = 0; t < tokens_; ++t) {
    add_scaled(normal_.data() + t * width, alpha_.data()[t] + (t == 0 ? 1.0F : 0.0F), sum_of_rows, width);
  }
  // The weights sum to 2: the leading place, and the softmax.
  for (int64_t c = 0; c < width; ++c) {
    out[c] = sum_of_rows[c] * problem_.parameters.norm_gain[c] + 2.0F * problem_.parameters.norm_shift[c];
  }
}

/// From the read-out through the norm and the masks. With x the normalised rows, o = gain x + shift, so the gradient of
/// x[t] is beta_t (gain dout) + delta_t (gain readout), and its means follow from dot products that are at hand.
void EncoderSeed::gradient_of_sum(const float* dout, float* row_gradients, const ParameterSums& sums) {
  const int64_t width = problem_.width();
  const EncoderParameters<Cpu>& parameters = problem_.parameters;
  float* dout_gain = scratch_.data();
  float* by_beta = scratch_.data() + width;
  float* by_delta = scratch_.data() + 2 * width;
  multiply(dout, parameters.norm_gain.data, dout_gain, width);
  std::fill_n(by_beta, 2 * width, 0.0F);
  const float dout_mean = sum(dout_gain, width) / static_cast<float>(width);
  const float readout_mean = sum(problem_.readout_gain, width) / static_cast<float>(width);
  dweights_.resize(std::max(tokens_, tokens_ * weight_stride_));
  float* along_dout = dweights_.data();
  for (int64_t t = 0; t < tokens_; ++t) along_dout[t] = dot(dout_gain, normal_.data() + t * width, width);
  const float along_mean = dot(alpha_.data(), along_dout, tokens_);
  for (int64_t t = 0; t < tokens_; ++t) {
    float* normal = normal_.data() + t * width;
    RowGradient gradient;
    gradient.beta = alpha_.data()[t] + (t == 0 ? 1.0F : 0.0F);
    gradient.delta = alpha_.data()[t] * (along_dout[t] - along_mean);
    gradient.mean = gradient.beta * dout_mean + gradient.delta * readout_mean;
    gradient.mean_with_normal =
        (gradient.beta * along_dout[t] + gradient.delta * score_.data()[t]) / static_cast<float>(width);
    gradient.inverse_deviation = inverse_deviation_.data()[t];
    add_scaled(normal, gradient.beta, by_beta, gradient.delta, by_delta, width);
    normalise_sum_backward(normal, dout_gain, problem_.readout_gain, gradient, kept_.data() + t * width,
                           scales_of(problem_.options), row_gradients + (4 * t + 3) * width, normal, sums.out_bias,
                           width);
  }
  for (int64_t c = 0; c < width; ++c) {
    sums.norm_gain[c] += dout[c] * by_beta[c] + parameters.readout[c] * by_delta[c];
    sums.norm_shift[c] += 2.0F * dout[c];
    sums.readout[c] += parameters.norm_gain[c] * by_delta[c];
  }
}

/// From y to the rows of query, key and value.
void EncoderSeed::gradient_of_attention(float* row_gradients) {
  const int64_t width = problem_.width();
  const int64_t head_width = problem_.head_width();
  const float factor = 1.0F / std::sqrt(static_cast<float>(head_width));
  const int64_t stride = 4 * width;
  for (int64_t a = 0; a < problem_.options.num_heads; ++a) {
    const int64_t column = a * head_width;
    const float* weights = weights_.data() + a * tokens_ * weight_stride_;
    const float* dattended = dattended_.data() + column;
    timed([&] {
      sgemm(tokens_, tokens_, head_width, 1, {dattended, width}, {value_.data() + column, width, Transpose::kYes}, 0,
            dweights_.data(), weight_stride_);
    });
    for (int64_t t = 0; t < tokens_; ++t) {
      const float mean = dot(dattended + t * width, attended_.data() + t * width + column, head_width);
      softmax_row_backward(weights + t * weight_stride_, dweights_.data() + t * weight_stride_, mean, factor, tokens_);
    }
    timed([&] {
      sgemm(tokens_, head_width, tokens_, 1, {dweights_.data(), weight_stride_}, {key_.data() + column, width}, 0,
            row_gradients + column, stride);
      sgemm(tokens_, head_width, tokens_, 1, {dweights_.data(), weight_stride_, Transpose::kYes},
            {query_.data() + column, width}, 0, row_gradients + width + column, stride);
      sgemm(tokens_, head_width, tokens_, 1, {weights, weight_stride_, Transpose::kYes}, {dattended, width}, 0,
            row_gradients + 2 * width + column, stride);
    });
  }
}

void EncoderSeed::backward(int64_t b, const float* dout, float* row_gradients, const ParameterSums& sums) {
  seed_ = b;
  tokens_ = problem_.num_tokens(b);
  reserve();
  gather();
  attend();
  project_and_normalise();
  read_out();
  gradient_of_sum(dout, row_gradients, sums);
  const int64_t width = problem_.width();
  dattended_.resize(tokens_ * width);
  const In<Cpu> out_weight = problem_.parameters.out_weight;
  timed([&] {
    sgemm(tokens_, width, width, 1, {normal_.data(), width}, {out_weight.data, out_weight.stride}, 0, dattended_.data(),
          width);
    sgemm(width, width, tokens_, 1, {normal_.data(), width, Transpose::kYes}, {attended_.data(), width}, 1,
          sums.out_weight, width);
  });
  gradient_of_attention(row_gradients);
}

}  // namespace gigahop::ops::cpu
