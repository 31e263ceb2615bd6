/// Attention over the codebook: the scores of a block of seeds by products, one for each head, and a warp for the
/// softmax of each row of them.
#include "ops/global_attention.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ops/cuda/launch.cuh"
#include "ops/cuda/product.h"
#include "ops/cuda/softmax_row.cuh"

namespace gigahop::ops {
namespace {

constexpr int64_t kSeedBlock = 512;

/// -infinity for a count of 0.
__global__ void take_logarithms(const int64_t* __restrict__ counts, float* logarithms, int64_t n) {
  const int64_t i = cuda::element_of_thread();
  if (i < n) logarithms[i] = logf(static_cast<float>(counts[i]));
}

__global__ void weigh(const float* __restrict__ log_counts, Out<Cuda> scores) {
  const int64_t r = cuda::row_of_warp();
  if (r >= scores.rows) return;
  float* row = scores.row(r);
  cuda::softmax_row(
      scores.cols, [&](int64_t c) { return row[c] + log_counts[c]; },
      [&](int64_t c, float weight) { row[c] = weight; });
}

/// dscores = factor weights (dweights - mean), mean = sum of weights dweights.
__global__ void weigh_backward(In<Cuda> weights, float factor, Out<Cuda> dweights) {
  const int64_t r = cuda::row_of_warp();
  if (r >= weights.rows) return;
  const float* weight = weights.row(r);
  float* gradient = dweights.row(r);
  float mean = 0;
  for (int64_t c = threadIdx.x; c < weights.cols; c += cuda::kWarp) mean += weight[c] * gradient[c];
  mean = cuda::warp_sum(mean);
  for (int64_t c = threadIdx.x; c < weights.cols; c += cuda::kWarp) {
    gradient[c] = factor * weight[c] * (gradient[c] - mean);
  }
}

/// What a call works on, a block of seeds at a time.
class BlockAttention {
 public:
  BlockAttention(Cuda& dev, CudaScratch& scratch, int64_t num_heads, In<Cuda> query, In<Cuda> keys, In<Cuda> values,
                 VectorOf<Cuda, const int64_t> histogram)
      : dev_(dev), num_heads_(num_heads), query_(query), keys_(keys), values_(values) {
    require(num_heads > 0 && query.cols % num_heads == 0, "global_attention: heads of equal width");
    require(keys.cols == query.cols && values.cols == query.cols && keys.rows == histogram.size &&
                values.rows == histogram.size,
            "global_attention: extents agree");
    log_counts_ = scratch.take<float>(keys.rows);
    cuda::launch(dev, cuda::one_thread_each(keys.rows), take_logarithms, histogram.data, log_counts_, keys.rows);
  }

  int64_t rows_of_block() const { return num_heads_ * std::min(kSeedBlock, query_.rows); }

  /// weights [A count, M], head after head.
  void forward(int64_t first, int64_t count, Out<Cuda> weights, Out<Cuda> out) {
    find_weights(first, count, weights);
    for (int64_t a = 0; a < num_heads_; ++a) {
      cuda::rounded_product(dev_, Transpose::kNo, Transpose::kNo, 1, weights.row_range(a * count, count),
                            head(values_, a), 0, head(out.row_range(first, count), a));
    }
  }

  /// As forward; dscores like weights. Gradients of keys and values are those of the first block, or added to.
  void backward(int64_t first, int64_t count, In<Cuda> dout, Out<Cuda> weights, Out<Cuda> dscores, Out<Cuda> dquery,
                Out<Cuda> dkeys, Out<Cuda> dvalues) {
    find_weights(first, count, weights);
    const In<Cuda> block_dout = dout.row_range(first, count);
    for (int64_t a = 0; a < num_heads_; ++a) {
      cuda::rounded_product(dev_, Transpose::kNo, Transpose::kYes, 1, head(block_dout, a), head(values_, a), 0,
                            dscores.row_range(a * count, count));
    }
    cuda::launch(dev_, cuda::one_warp_each(weights.rows), weigh_backward, weights, factor(), dscores);
    const float beta = first == 0 ? 0 : 1;
    for (int64_t a = 0; a < num_heads_; ++a) {
      const In<Cuda> head_weights = weights.row_range(a * count, count);
      const In<Cuda> head_dscores = dscores.row_range(a * count, count);
      cuda::rounded_product(dev_, Transpose::kNo, Transpose::kNo, 1, head_dscores, head(keys_, a), 0,
                            head(dquery.row_range(first, count), a));
      cuda::rounded_product(dev_, Transpose::kYes, Transpose::kNo, 1, head_dscores,
                            head(query_.row_range(first, count), a), beta, head(dkeys, a));
      cuda::rounded_product(dev_, Transpose::kYes, Transpose::kNo, 1, head_weights, head(block_dout, a), beta,
                            head(dvalues, a));
    }
  }

 private:
  template <class View>
  View head(View x, int64_t a) const {
    return x.columns(a * (query_.cols / num_heads_), query_.cols / num_heads_);
  }
  float factor() const { return 1.0F / std::sqrt(static_cast<float>(query_.cols / num_heads_)); }

  void find_weights(int64_t first, int64_t count, Out<Cuda> weights) {
    for (int64_t a = 0; a < num_heads_; ++a) {
      cuda::rounded_product(dev_, Transpose::kNo, Transpose::kYes, factor(), head(query_.row_range(first, count), a),
                            head(keys_, a), 0, weights.row_range(a * count, count));
    }
    cuda::launch(dev_, cuda::one_warp_each(weights.rows), weigh, log_counts_, weights);
  }

  Cuda& dev_;
  int64_t num_heads_;
  In<Cuda> query_;
  In<Cuda> keys_;
  In<Cuda> values_;
  float* log_counts_ = nullptr;
};

/// run(first, count) for the blocks of seeds; for one without seeds where there are none, which gives zeros.
template <class Run>
void for_each_seed_block(int64_t num_seeds, const Run& run) {
  for (int64_t first = 0; first == 0 || first < num_seeds; first += kSeedBlock) {
    run(first, std::min(kSeedBlock, num_seeds - first));
  }
}

}  // namespace

template <>
void global_attention<Cuda>(Cuda& dev, int64_t num_heads, In<Cuda> query, In<Cuda> keys, In<Cuda> values,
                            VectorOf<Cuda, const int64_t> histogram, Out<Cuda> out) {
  require(out.rows == query.rows && out.cols == query.cols, "global_attention: extents agree");
  CudaScratch scratch(dev);
  BlockAttention attention(dev, scratch, num_heads, query, keys, values, histogram);
  auto* weights = scratch.take<float>(attention.rows_of_block() * keys.rows);
  for_each_seed_block(query.rows, [&](int64_t first, int64_t count) {
    attention.forward(first, count, {weights, num_heads * count, keys.rows}, out);
  });
}

template <>
void global_attention_backward<Cuda>(Cuda& dev, int64_t num_heads, In<Cuda> query, In<Cuda> keys, In<Cuda> values,
                                     VectorOf<Cuda, const int64_t> histogram, In<Cuda> dout, Out<Cuda> dquery,
                                     Out<Cuda> dkeys, Out<Cuda> dvalues) {
  require(dout.rows == query.rows && dout.cols == query.cols && dquery.rows == query.rows &&
              dquery.cols == query.cols && dkeys.rows == keys.rows && dkeys.cols == keys.cols &&
              dvalues.rows == keys.rows && dvalues.cols == keys.cols,
          "global_attention_backward: extents agree");
  CudaScratch scratch(dev);
  BlockAttention attention(dev, scratch, num_heads, query, keys, values, histogram);
  auto* weights = scratch.take<float>(attention.rows_of_block() * keys.rows);
  auto* dscores = scratch.take<float>(attention.rows_of_block() * keys.rows);
  for_each_seed_block(query.rows, [&](int64_t first, int64_t count) {
    const int64_t rows = num_heads * count;
    attention.backward(first, count, dout, {weights, rows, keys.rows}, {dscores, rows, keys.rows}, dquery, dkeys,
                       dvalues);
  });
}

}  // namespace gigahop::ops
