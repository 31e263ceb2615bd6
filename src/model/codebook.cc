#include "model/codebook.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "comm/collectives.h"
#include "comm/traffic.h"
#include "model/instantiate.h"
#include "ops/batch_norm.h"
#include "ops/nearest_codeword.h"
#include "ops/rows.h"

namespace gigahop::model {
namespace {

constexpr double kDecay = 0.99;
constexpr double kSmoothing = 1e-5;

}  // namespace

template <class Device>
Codebook<Device>::Codebook(RandomKey key, int64_t num_codewords, int64_t width)
    : statistics_(width),
      codewords_(num_codewords, width),
      sums_(num_codewords, width),
      sizes_(num_codewords),
      stored_histogram_(num_codewords),
      histogram_(num_codewords),
      embedding_(num_codewords, width),
      step_(num_codewords * (width + 2)) {
  for (int64_t m = 0; m < num_codewords; ++m) {
    for (int64_t c = 0; c < width; ++c) {
      const RandomWords words =
          random_words(key, Purpose::kInitialCodeword, 0, static_cast<uint64_t>(m), static_cast<uint32_t>(c));
      codewords_.row(m)[c] = to_normal(words[0], words[1]);
    }
  }
  std::copy_n(codewords_.data(), num_codewords * width, sums_.data());
  sizes_.fill(1);
  stored_histogram_.fill(0);
  histogram_.fill(0);
}

template <class Device>
In<Device> Codebook<Device>::embedding() {
  const OutVector<Device> mean = statistics_.running_mean();
  const OutVector<Device> variance = statistics_.running_variance();
  for (int64_t m = 0; m < embedding_.rows(); ++m) {
    for (int64_t c = 0; c < embedding_.cols(); ++c) {
      const double deviation = std::sqrt(variance[c] + ops::kNormEpsilon);
      embedding_.row(m)[c] = static_cast<Real<Device>>(codewords_.row(m)[c] * deviation + mean[c]);
    }
  }
  return embedding_;
}

template <class Device>
VectorOf<Device, const int64_t> Codebook<Device>::histogram() {
  // The integers are the truth as long as the stored numbers, which have 24 bits, are their rounding; a checkpoint that
  // was loaded since then has changed the stored numbers.
  for (int64_t m = 0; m < histogram_.size(); ++m) {
    int64_t& count = histogram_.data()[m];
    const Real<Device> stored = stored_histogram_.data()[m];
    if (static_cast<Real<Device>>(count) != stored) count = std::llround(stored);
  }
  return {histogram_.data(), histogram_.size()};
}

template <class Device>
void Codebook<Device>::set_histogram(std::span<const int64_t> counts) {
  require(static_cast<int64_t>(counts.size()) == histogram_.size(), "a histogram has one count per codeword");
  std::ranges::copy(counts, histogram_.data());
  std::ranges::transform(counts, stored_histogram_.data(), [](int64_t n) { return static_cast<Real<Device>>(n); });
}

template <class Device>
void Codebook<Device>::update(Device& dev, const comm::Communicator& comm, In<Device> g, std::span<uint16_t> codes) {
  require(static_cast<int64_t>(codes.size()) == g.rows, "every seed of the step has a code");
  const comm::Phase phase(comm, "codebook");
  statistics_.gather(dev, comm, g);
  normalised_.resize(g.rows, g.cols);
  ops::batch_norm_apply(dev, g, statistics_.mean(), statistics_.inverse_deviation(), {}, {}, normalised_);
  if (statistics_.rows_all() == 0) return;
  collect(dev, codes);
  comm::all_reduce_sum(comm, step_.span());
  move_codewords();
  move_histogram();
}

template <class Device>
void Codebook<Device>::collect(Device& dev, std::span<uint16_t> codes) {
  const int64_t num_codewords = codewords_.rows();
  const int64_t width = codewords_.cols();
  nearest_.resize(normalised_.rows());
  ops::nearest_codeword(dev, normalised_, codewords_, {nearest_.data(), nearest_.size()});
  step_.fill(0);
  ops::scatter_add_rows(dev, normalised_, {nearest_.data(), nearest_.size()}, {step_.data(), num_codewords, width});
  Real<Device>* const came = step_.data() + num_codewords * width;
  Real<Device>* const left = came + num_codewords;
  for (size_t b = 0; b < codes.size(); ++b) {
    require(codes[b] < num_codewords, "a code names a codeword");
    left[codes[b]] += 1;
    codes[b] = static_cast<uint16_t>(nearest_.data()[b]);
    came[codes[b]] += 1;
  }
}

template <class Device>
void Codebook<Device>::move_codewords() {
  const int64_t num_codewords = codewords_.rows();
  const int64_t width = codewords_.cols();
  const Real<Device>* const came = step_.data() + num_codewords * width;
  double total = 0;
  for (int64_t m = 0; m < num_codewords; ++m) {
    total += kDecay * sizes_.data()[m] + (1 - kDecay) * came[m];
  }
  const double scale = total / (total + kSmoothing * static_cast<double>(num_codewords));
  for (int64_t m = 0; m < num_codewords; ++m) {
    const double size = (kDecay * sizes_.data()[m] + (1 - kDecay) * came[m] + kSmoothing) * scale;
    sizes_.data()[m] = static_cast<Real<Device>>(size);
    for (int64_t c = 0; c < width; ++c) {
      const double sum = kDecay * sums_.row(m)[c] + (1 - kDecay) * step_.data()[m * width + c];
      sums_.row(m)[c] = static_cast<Real<Device>>(sum);
      codewords_.row(m)[c] = static_cast<Real<Device>>(sum / size);
    }
  }
}

template <class Device>
void Codebook<Device>::move_histogram() {
  const int64_t num_codewords = codewords_.rows();
  const Real<Device>* const came = step_.data() + num_codewords * codewords_.cols();
  const Real<Device>* const left = came + num_codewords;
  histogram();
  for (int64_t m = 0; m < num_codewords; ++m) {
    histogram_.data()[m] += std::llround(came[m]) - std::llround(left[m]);
    stored_histogram_.data()[m] = static_cast<Real<Device>>(histogram_.data()[m]);
  }
}

GIGAHOP_MODEL_INSTANTIATE(Codebook);

}  // namespace gigahop::model
