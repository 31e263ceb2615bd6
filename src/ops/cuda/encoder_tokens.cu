#include "ops/cuda/encoder_tokens.h"

#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/launch.cuh"
#include "ops/cuda/random.cuh"
#include "ops/cuda/row_statistics.cuh"
#include "ops/cuda/softmax_row.cuh"

namespace gigahop::ops::cuda {
namespace {

constexpr int kReadRows = 8;  // rows that a block reads at a time

/// A warp for each seed.
__global__ void find_places(EncoderLists lists, int64_t num_seeds, TokenPlace* places) {
  const int64_t b = row_of_warp();
  if (b >= num_seeds) return;
  const EncoderList list = lists[b];
  for (int32_t t = static_cast<int32_t>(threadIdx.x); t < list.num_tokens; t += kWarp) {
    places[list.first_row + t] = {static_cast<int32_t>(b), t, static_cast<int32_t>(list.batch_row(t))};
  }
}

struct Masks {
  Mask inner;
  Mask outer;
};

/// apply(c, inner, outer) for the columns of a token, with what its elements are multiplied by.
template <class Apply>
inline __device__ void for_each_masked(const Masks& masks, OriginalId id, int32_t token, int64_t cols,
                                       const Apply& apply) {
  float inner[4];
  float outer[4];
  const auto draw = [&](uint32_t group) {
    draw_factors(masks.inner, id, group, inner);
    draw_factors(masks.outer, id, group, outer);
  };
  for_each_draw(static_cast<uint32_t>(token * cols), cols, static_cast<int>(threadIdx.x), draw,
                [&](int64_t c, int j) { apply(c, inner[j], outer[j]); });
}

/// A warp for each token: z becomes x.
__global__ void normalise_sums(EncoderLists lists, In<Cuda> residual, EncoderParameters<Cuda> parameters, Masks masks,
                               In<Cuda> dout, TokenNumbers numbers, Out<Cuda> projected) {
  const int64_t r = row_of_warp();
  if (r >= projected.rows) return;
  const TokenPlace place = numbers.places[r];
  float* x = projected.row(r);
  const float* added = residual.row(place.row);
  for_each_masked(masks, lists.seed_ids[place.seed], place.token, projected.cols,
                  [&](int64_t c, float inner, float outer) { x[c] = outer * (added[c] + inner * x[c]); });
  __syncwarp();
  const RowStatistics statistics = row_statistics(x, projected.cols);
  const bool goes_back = dout.rows > 0;
  float score = 0;
  float along = 0;
  for (int64_t c = threadIdx.x; c < projected.cols; c += kWarp) {
    x[c] = (x[c] - statistics.mean) * statistics.inverse_deviation;
    const float scaled = parameters.norm_gain[c] * x[c];
    score += parameters.readout[c] * scaled;
    if (goes_back) along += dout.row(place.seed)[c] * scaled;
  }
  score = warp_sum(score);
  along = warp_sum(along);
  if (threadIdx.x != 0) return;
  numbers.inverse_deviations[r] = statistics.inverse_deviation;
  numbers.scores[r] = score;
  numbers.along_dout[r] = along;
}

/// A warp for each seed: the weights of its tokens, and the gradients of their scores.
__global__ void weigh_tokens(EncoderLists lists, int64_t num_seeds, TokenNumbers numbers) {
  const int64_t b = row_of_warp();
  if (b >= num_seeds) return;
  const EncoderList list = lists[b];
  const int64_t first = list.first_row;
  float mean = 0;
  softmax_row(
      list.num_tokens,
      [&](int64_t t) {
        const int32_t count = list.counts[t / 3] - (t == 0 ? 1 : 0);
        return numbers.scores[first + t] + logf(static_cast<float>(count));
      },
      [&](int64_t t, float weight) {
        numbers.weights[first + t] = weight;
        mean += weight * numbers.along_dout[first + t];
      });
  mean = warp_sum(mean);
  for (int64_t t = threadIdx.x; t < list.num_tokens; t += kWarp) {
    numbers.dscores[first + t] = numbers.weights[first + t] * (numbers.along_dout[first + t] - mean);
  }
}

/// With the leading place of the seed.
inline __device__ float reading_of(const TokenNumbers& numbers, int64_t r) {
  return numbers.weights[r] + (numbers.places[r].token == 0 ? 1.0F : 0.0F);
}

/// A block for 32 columns of a seed.
__global__ void sum_readings(EncoderLists lists, In<Cuda> normal, TokenNumbers numbers, InVector<Cuda> gain,
                             InVector<Cuda> shift, Out<Cuda> out) {
  __shared__ float sums[kReadRows][kWarp];
  const EncoderList list = lists[blockIdx.y];
  const int64_t c = int64_t{blockIdx.x} * kWarp + threadIdx.x;
  float sum = 0;
  if (c < out.cols) {
    for (int64_t r = list.first_row + threadIdx.y; r < list.first_row + list.num_tokens; r += kReadRows) {
      sum += reading_of(numbers, r) * normal.row(r)[c];
    }
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || c >= out.cols) return;
  for (int i = 1; i < kReadRows; ++i) sum += sums[i][threadIdx.x];
  // The weights sum to 2: the leading place, and the softmax.
  out.row(blockIdx.y)[c] = list.num_tokens == 0 ? 0.0F : sum * gain[c] + 2.0F * shift[c];
}

/// Of the gradients of gain and read-out.
struct ParameterTerms {
  TokenNumbers numbers;
  In<Cuda> normal;
  In<Cuda> dout;
  InVector<Cuda> gain;
  InVector<Cuda> readout;
  __device__ void operator()(int64_t r, int64_t c, double* terms) const {
    const float x = normal.row(r)[c];
    const float dout_c = dout.row(numbers.places[r].seed)[c];
    terms[0] = static_cast<double>((reading_of(numbers, r) * dout_c + numbers.dscores[r] * readout[c]) * x);
    terms[1] = static_cast<double>(numbers.dscores[r] * gain[c] * x);
  }
};

/// A warp for each token. The gradient of x is that of the read-out and of the score, its product with x is at hand.
__global__ void differentiate_sums(EncoderLists lists, EncoderParameters<Cuda> parameters, Masks masks, In<Cuda> dout,
                                   TokenNumbers numbers, Out<Cuda> normal, Out<Cuda> dresidual) {
  const int64_t r = row_of_warp();
  if (r >= normal.rows) return;
  const TokenPlace place = numbers.places[r];
  const float* dout_row = dout.row(place.seed);
  const float reading = reading_of(numbers, r);
  const float dscore = numbers.dscores[r];
  const auto gradient = [&](int64_t c) {
    return parameters.norm_gain[c] * (reading * dout_row[c] + dscore * parameters.readout[c]);
  };
  float mean = 0;
  for (int64_t c = threadIdx.x; c < normal.cols; c += kWarp) mean += gradient(c);
  mean = warp_sum(mean) / static_cast<float>(normal.cols);
  const float mean_with_x =
      (reading * numbers.along_dout[r] + dscore * numbers.scores[r]) / static_cast<float>(normal.cols);
  const float inverse_deviation = numbers.inverse_deviations[r];
  float* x = normal.row(r);
  for_each_masked(masks, lists.seed_ids[place.seed], place.token, normal.cols,
                  [&](int64_t c, float inner, float outer) {
                    const float dsum = inverse_deviation * (gradient(c) - mean - x[c] * mean_with_x);
                    dresidual.row(r)[c] = outer * dsum;
                    x[c] = inner * outer * dsum;
                  });
}

Masks masks_of(const EncoderOptions& options) {
  return {mask_of(options.inner), mask_of(options.outer)};
}

}  // namespace

EncoderTokens::EncoderTokens(Cuda& dev, CudaScratch& scratch, const SampleLists<Cuda>& lists, const EncoderChunk& chunk,
                             const EncoderParameters<Cuda>& parameters, const EncoderOptions& options)
    : dev_(dev), chunk_(chunk), lists_(lists, chunk), parameters_(parameters), options_(options) {
  const int64_t tokens = chunk.num_tokens();
  numbers_.places = scratch.take<TokenPlace>(tokens);
  for (float** numbers :
       {&numbers_.inverse_deviations, &numbers_.scores, &numbers_.weights, &numbers_.along_dout, &numbers_.dscores}) {
    *numbers = scratch.take<float>(tokens);
  }
  launch(dev_, one_warp_each(chunk.num_seeds), find_places, lists_, chunk.num_seeds, numbers_.places);
}

int64_t EncoderTokens::bytes_of_token() {
  return sizeof(TokenPlace) + 5 * sizeof(float);
}

void EncoderTokens::normalise(In<Cuda> residual, In<Cuda> dout, Out<Cuda> projected) {
  launch(dev_, one_warp_each(projected.rows), normalise_sums, lists_, residual, parameters_, masks_of(options_),
         of_chunk(dout), numbers_, projected);
  launch(dev_, one_warp_each(chunk_.num_seeds), weigh_tokens, lists_, chunk_.num_seeds, numbers_);
}

void EncoderTokens::read_out(In<Cuda> normal, Out<Cuda> out) {
  const Shape shape = {
      dim3(static_cast<unsigned>(num_blocks(out.cols, kWarp)), static_cast<unsigned>(chunk_.num_seeds)),
      dim3(kWarp, kReadRows)};
  launch(dev_, shape, sum_readings, lists_, normal, numbers_, parameters_.norm_gain, parameters_.norm_shift,
         of_chunk(out));
}

void EncoderTokens::backward_parameters(In<Cuda> normal, In<Cuda> dout, Write write, OutVector<Cuda> gain,
                                        OutVector<Cuda> readout) {
  const ParameterTerms terms = {numbers_, normal, of_chunk(dout), parameters_.norm_gain, parameters_.readout};
  sum_columns<2>(dev_, normal.rows, normal.cols, terms, write, FloatTargets<2>{{gain.data, readout.data}});
}

void EncoderTokens::backward_rows(In<Cuda> dout, Out<Cuda> normal, Out<Cuda> dresidual) {
  launch(dev_, one_warp_each(normal.rows), differentiate_sums, lists_, parameters_, masks_of(options_), of_chunk(dout),
         numbers_, normal, dresidual);
}

}  // namespace gigahop::ops::cuda
