#include "ops/cuda/encoder_attention.h"

#include <cmath>
#include <string>

#include "base/error.h"
#include "ops/cuda/attention_tile.cuh"

namespace gigahop::ops::cuda {
namespace {

constexpr int kTileThreads = kWarp * kTileWarps;

/// Of the calling block: the grid is [tiles of a seed, heads, seeds].
struct Place {
  EncoderList list;
  int first;  // own token of the calling warp
  int width;  // of a head
  int column;

  /// The head's part of a row of the batch, and of a row of the chunk, for a token of the list.
  __device__ const float* of_batch(In<Cuda> x, int token) const { return x.row(list.batch_row(token)) + column; }
  template <class View>
  __device__ auto* of_chunk(View x, int token) const {
    return x.row(list.first_row + token) + column;
  }
  /// Of one number for each token of the chunk and head.
  __device__ int64_t number(int token) const { return (list.first_row + token) * gridDim.y + blockIdx.y; }
  __device__ float log_count(int token) const { return logf(static_cast<float>(list.counts[token / 3])); }
  __device__ bool has(int token) const { return token < list.num_tokens; }
};

template <int kOwn>
inline __device__ Place place_of_warp(const EncoderLists& lists, int64_t cols) {
  const int width = static_cast<int>(cols / gridDim.y);
  return {lists[blockIdx.z], static_cast<int>(blockIdx.x * kTileWarps + threadIdx.y) * kOwn, width,
          static_cast<int>(blockIdx.y) * width};
}

/// Of a block that has no token at all; the same for its threads.
template <class Tile>
inline __device__ bool is_idle(const Place& place) {
  return !place.has(static_cast<int>(blockIdx.x) * Tile::kOwnRows);
}

/// Softmax as scores come. Lane l keeps own row l % kOwn of its warp, as the other lanes of the same remainder do.
template <int kOwn>
struct RunningSoftmax {
  float largest = -INFINITY;
  float sum = 0;

  /// scores [32, kOwn], the first of them not -infinity: become exp(score - largest so far). Returns what sums with
  /// earlier weights are multiplied by.
  __device__ float add(float* scores) {
    float new_largest = largest;
    for (int i = 0; i < kOwn; ++i) new_largest = fmaxf(new_largest, scores[threadIdx.x + kWarp * i]);
#pragma unroll
    for (int lanes = kOwn; lanes < kWarp; lanes *= 2) {
      new_largest = fmaxf(new_largest, __shfl_xor_sync(kAllLanes, new_largest, lanes));
    }
    float new_sum = 0;
    for (int i = 0; i < kOwn; ++i) {
      float& score = scores[threadIdx.x + kWarp * i];
      score = expf(score - new_largest);
      new_sum += score;
    }
#pragma unroll
    for (int lanes = kOwn; lanes < kWarp; lanes *= 2) new_sum += __shfl_xor_sync(kAllLanes, new_sum, lanes);
    const float factor = expf(largest - new_largest);
    largest = new_largest;
    sum = sum * factor + new_sum;
    return factor;
  }
};

template <int kColumns>
__global__ void __launch_bounds__(kTileThreads)
    attend_tile(EncoderLists lists, In<Cuda> query, In<Cuda> key, In<Cuda> value, float factor, Out<Cuda> attended,
                float* log_sums) {
  using T = Tile<kColumns>;
  const Place place = place_of_warp<T::kOwn>(lists, query.cols);
  if (is_idle<T>(place)) return;
  auto* shared = reinterpret_cast<float*>(dyn_smem);
  auto* own = reinterpret_cast<typename T::Own*>(shared) + threadIdx.y * T::kWidth;
  float* streamed = shared + T::kOwnSize;
  auto* pairs = reinterpret_cast<typename T::Own*>(streamed + T::kStreamedSize) + threadIdx.y * kWarp;
  const int num_tokens = place.list.num_tokens;
  T::load_own([&](int t) { return place.of_batch(query, t); }, place.first, num_tokens, place.width, own);
  RunningSoftmax<T::kOwn> softmax;
  typename T::Sums sums;
  for (int first = 0; first < num_tokens; first += kWarp) {
    __syncthreads();  // the values of the tile before have been read
    T::load_streamed([&](int t) { return place.of_batch(key, t); }, first, num_tokens, place.width, streamed);
    __syncthreads();
    typename T::Own scores = T::multiply(own, streamed);
    const int token = first + static_cast<int>(threadIdx.x);
    const float log_count = place.has(token) ? place.log_count(token) : -INFINITY;
    for (int i = 0; i < T::kOwn; ++i) scores[i] = scores[i] * factor + log_count;
    pairs[threadIdx.x] = scores;
    __syncwarp();
    const float rescale = softmax.add(reinterpret_cast<float*>(pairs));
    for (int i = 0; i < T::kOwn; ++i) {
      sums.scale(i, __shfl_sync(kAllLanes, rescale, i));
    }
    __syncthreads();  // the keys have been read
    T::load_streamed([&](int t) { return place.of_batch(value, t); }, first, num_tokens, place.width, streamed);
    __syncthreads();
    sums.add(pairs, streamed);
  }
  for (int i = 0; i < T::kOwn; ++i) {
    const float sum = __shfl_sync(kAllLanes, softmax.sum, i);
    const float largest = __shfl_sync(kAllLanes, softmax.largest, i);
    if (!place.has(place.first + i)) continue;
    sums.scale(i, 1.0F / sum);
    sums.store(i, place.width, place.of_chunk(attended, place.first + i));
    if (threadIdx.x == 0) log_sums[place.number(place.first + i)] = largest + logf(sum);
  }
}

/// A warp for each token: dots [T, A] = the heads' parts of a row of x times those of y.
__global__ void multiply_heads(In<Cuda> x, In<Cuda> y, int64_t num_heads, float* dots) {
  const int64_t r = row_of_warp();
  if (r >= x.rows) return;
  const int64_t width = x.cols / num_heads;
  for (int64_t a = 0; a < num_heads; ++a) {
    float sum = 0;
    for (int64_t c = a * width + threadIdx.x; c < (a + 1) * width; c += kWarp) sum += x.row(r)[c] * y.row(r)[c];
    sum = warp_sum(sum);
    if (threadIdx.x == 0) dots[r * num_heads + a] = sum;
  }
}

/// Whose gradients a block sums: those of its queries over all keys, or of its keys and their values over all queries.
enum class Side { kQueries, kKeys };

/// What a token of either side brings into the weight and the gradient of a score.
struct Share {
  float log_weight;
  float mean;  // of the gradients of a query's weights
};

struct BackwardInput {
  In<Cuda> query;
  In<Cuda> key;
  In<Cuda> value;
  In<Cuda> dattended;
  const float* log_sums;
  const float* means;
  float factor;
};

/// One side's rows, and the other side's with Side exchanged: a score is first · first, its gradient second · second.
template <Side kSide>
struct SideRows {
  const BackwardInput& input;
  const Place& place;

  __device__ const float* first(int t) const {
    return place.of_batch(kSide == Side::kQueries ? input.query : input.key, t);
  }
  __device__ const float* second(int t) const {
    return kSide == Side::kQueries ? place.of_chunk(input.dattended, t) : place.of_batch(input.value, t);
  }
  /// Of tokens past the list: no weight at all.
  __device__ Share share(int t) const {
    if (!place.has(t)) return {-INFINITY, 0};
    if (kSide == Side::kKeys) return {place.log_count(t), 0};
    return {-input.log_sums[place.number(t)], input.means[place.number(t)]};
  }
};

constexpr Side other(Side side) {
  return side == Side::kQueries ? Side::kKeys : Side::kQueries;
}

/// firsts: the gradients of the side's first rows, query or key; seconds: of the values, if the side is theirs.
template <int kColumns, Side kSide>
__global__ void __launch_bounds__(kTileThreads)
    attend_tile_backward(EncoderLists lists, BackwardInput input, Out<Cuda> firsts, Out<Cuda> seconds) {
  using T = Tile<kColumns>;
  const Place place = place_of_warp<T::kOwn>(lists, input.query.cols);
  if (is_idle<T>(place)) return;
  auto* shared = reinterpret_cast<float*>(dyn_smem);
  auto* own_first = reinterpret_cast<typename T::Own*>(shared) + threadIdx.y * T::kWidth;
  auto* own_second = own_first + kTileWarps * T::kWidth;
  float* streamed = shared + 2 * T::kOwnSize;
  auto* pairs = reinterpret_cast<typename T::Own*>(streamed + T::kStreamedSize) + threadIdx.y * kWarp;
  const SideRows<kSide> mine = {input, place};
  const SideRows<other(kSide)> theirs = {input, place};
  const auto second = [&](int t) { return theirs.second(t); };
  const int num_tokens = place.list.num_tokens;
  T::load_own([&](int t) { return mine.first(t); }, place.first, num_tokens, place.width, own_first);
  T::load_own([&](int t) { return mine.second(t); }, place.first, num_tokens, place.width, own_second);
  Share own[T::kOwn];
  for (int i = 0; i < T::kOwn; ++i) own[i] = mine.share(place.first + i);
  typename T::Sums first_sums;
  typename T::Sums second_sums;
  for (int first = 0; first < num_tokens; first += kWarp) {
    const Share their = theirs.share(first + static_cast<int>(threadIdx.x));
    __syncthreads();  // the tile before has been read
    T::load_streamed(second, first, num_tokens, place.width, streamed);
    __syncthreads();
    const typename T::Own dweights = T::multiply(own_second, streamed);
    __syncthreads();
    T::load_streamed([&](int t) { return theirs.first(t); }, first, num_tokens, place.width, streamed);
    __syncthreads();
    typename T::Own weights = T::multiply(own_first, streamed);
    typename T::Own dscores;
    for (int i = 0; i < T::kOwn; ++i) {
      weights[i] = expf(weights[i] * input.factor + (own[i].log_weight + their.log_weight));
      dscores[i] = input.factor * weights[i] * (dweights[i] - (own[i].mean + their.mean));
    }
    pairs[threadIdx.x] = dscores;
    __syncwarp();
    first_sums.add(pairs, streamed);
    if constexpr (kSide == Side::kQueries) continue;
    __syncthreads();
    pairs[threadIdx.x] = weights;
    T::load_streamed(second, first, num_tokens, place.width, streamed);
    __syncthreads();
    second_sums.add(pairs, streamed);
  }
  for (int i = 0; i < T::kOwn; ++i) {
    if (!place.has(place.first + i)) continue;
    first_sums.store(i, place.width, place.of_chunk(firsts, place.first + i));
    if (kSide == Side::kKeys) second_sums.store(i, place.width, place.of_chunk(seconds, place.first + i));
  }
}

/// What a tile of so many own rows' arrays takes.
template <class T>
constexpr int64_t shared_bytes(int num_own) {
  return (num_own * T::kOwnSize + T::kStreamedSize + T::kPairsSize) * static_cast<int64_t>(sizeof(float));
}

template <class T>
Shape shape_of(const EncoderChunk& chunk, int64_t num_heads, int num_own) {
  return {dim3(static_cast<unsigned>(num_blocks(3 * chunk.max_entries, T::kOwnRows)), static_cast<unsigned>(num_heads),
               static_cast<unsigned>(chunk.num_seeds)),
          dim3(kWarp, kTileWarps), shared_bytes<T>(num_own)};
}

/// run<kColumns>() for the narrowest tile that a head fits.
template <class Run>
void with_tile(int64_t head_width, const Run& run) {
  if (head_width <= 2 * kWarp) return run.template operator()<2>();
  if (head_width <= 4 * kWarp) return run.template operator()<4>();
  if (head_width <= 8 * kWarp) return run.template operator()<8>();
  if (head_width <= kMaxHeadWidth) return run.template operator()<16>();
  throw config_error("the local encoder on CUDA", "heads of at most " + std::to_string(kMaxHeadWidth) + " columns",
                     std::to_string(head_width), "lower the hidden width, or train on the CPU");
}

float score_factor(int64_t head_width) {
  return 1.0F / std::sqrt(static_cast<float>(head_width));
}

}  // namespace

void attend(Cuda& dev, const SampleLists<Cuda>& lists, const EncoderChunk& chunk, const EncoderRows<Cuda>& rows,
            int64_t num_heads, Out<Cuda> attended, float* log_sums) {
  const int64_t head_width = rows.query.cols / num_heads;
  with_tile(head_width, [&]<int kColumns>() {
    launch(dev, shape_of<Tile<kColumns>>(chunk, num_heads, 1), attend_tile<kColumns>, EncoderLists(lists, chunk),
           rows.query, rows.key, rows.value, score_factor(head_width), attended, log_sums);
  });
}

void attend_backward(Cuda& dev, const SampleLists<Cuda>& lists, const EncoderChunk& chunk,
                     const EncoderRows<Cuda>& rows, int64_t num_heads, In<Cuda> attended, const float* log_sums,
                     In<Cuda> dattended, const AttentionGradients& gradients) {
  CudaScratch scratch(dev);
  auto* means = scratch.take<float>(attended.rows * num_heads);
  launch(dev, one_warp_each(attended.rows), multiply_heads, attended, dattended, num_heads, means);
  const int64_t head_width = rows.query.cols / num_heads;
  const EncoderLists on_device(lists, chunk);
  const BackwardInput input = {rows.query, rows.key, rows.value, dattended, log_sums, means, score_factor(head_width)};
  with_tile(head_width, [&]<int kColumns>() {
    const Shape shape = shape_of<Tile<kColumns>>(chunk, num_heads, 2);
    launch(dev, shape, attend_tile_backward<kColumns, Side::kQueries>, on_device, input, gradients.query, Out<Cuda>());
    launch(dev, shape, attend_tile_backward<kColumns, Side::kKeys>, on_device, input, gradients.key, gradients.value);
  });
}

}  // namespace gigahop::ops::cuda
