#include "model/codebook.h"

#include <vector>

#include "base/error.h"
#include "comm/traffic.h"
#include "model/instantiate.h"
#include "ops/batch_norm.h"
#include "ops/codebook.h"
#include "ops/nearest_codeword.h"
#include "ops/rows.h"
#include "tensor/host_copy.h"

namespace gigahop::model {

template <class Device>
Codebook<Device>::Codebook(Device& dev, RandomKey key, int64_t num_codewords, int64_t width)
    : statistics_(dev, width),
      codewords_(num_codewords, width),
      sums_(num_codewords, width),
      sizes_(num_codewords),
      stored_histogram_(num_codewords),
      histogram_(num_codewords),
      embedding_(num_codewords, width),
      step_(num_codewords * (width + 2)) {
  std::vector<Real<Device>> initial;
  for (int64_t m = 0; m < num_codewords; ++m) {
    for (int64_t c = 0; c < width; ++c) {
      const RandomWords words =
          random_words(key, Purpose::kInitialCodeword, 0, static_cast<uint64_t>(m), static_cast<uint32_t>(c));
      initial.push_back(to_normal(words[0], words[1]));
    }
  }
  const std::vector<Real<Device>> ones(static_cast<size_t>(num_codewords), 1);
  copy_to_device<Real<Device>>(dev, initial, codewords_.data());
  copy_to_device<Real<Device>>(dev, initial, sums_.data());
  copy_to_device<Real<Device>>(dev, ones, sizes_.data());
  set_to_zero(dev, stored_histogram());
  set_to_zero(dev, VectorOf<Device, int64_t>(histogram_.data(), num_codewords));
}

template <class Device>
In<Device> Codebook<Device>::embedding(Device& dev) {
  ops::embed_codewords(dev, codewords_, statistics_.running_mean(), statistics_.running_variance(), embedding_);
  return embedding_;
}

template <class Device>
VectorOf<Device, const int64_t> Codebook<Device>::histogram(Device& dev) {
  ops::read_histogram(dev, stored_histogram(), {histogram_.data(), histogram_.size()});
  return {histogram_.data(), histogram_.size()};
}

template <class Device>
void Codebook<Device>::set_histogram(Device& dev, std::span<const int64_t> counts) {
  require(static_cast<int64_t>(counts.size()) == histogram_.size(), "a histogram has one count per codeword");
  const std::vector<Real<Device>> rounded(counts.begin(), counts.end());
  copy_to_device<int64_t>(dev, counts, histogram_.data());
  copy_to_device<Real<Device>>(dev, rounded, stored_histogram_.data());
}

template <class Device>
OutVector<Device> Codebook<Device>::collect(Device& dev, const comm::Communicator& comm, In<Device> g,
                                            int64_t num_seeds_all, VectorOf<Device, const int32_t> codes) {
  require(codes.size == g.rows, "every seed of the step has a code");
  const comm::Phase phase(comm, "codebook");
  statistics_.gather(dev, comm, g, num_seeds_all);
  normalised_.resize(g.rows, g.cols);
  ops::batch_norm_apply(dev, g, statistics_.mean(), statistics_.inverse_deviation(), {}, {}, normalised_);
  assign(dev, codes);
  return {step_.data(), step_.size()};
}

template <class Device>
VectorOf<Device, const int32_t> Codebook<Device>::move(Device& dev) {
  const int64_t num_codewords = codewords_.rows();
  const int64_t width = codewords_.cols();
  const InVector<Device> came(step_.data() + num_codewords * width, num_codewords);
  const InVector<Device> left(came.data + num_codewords, num_codewords);
  ops::move_codewords(dev, {}, {step_.data(), num_codewords, width}, came, sizes(), sums_, codewords_);
  histogram(dev);
  ops::move_histogram(dev, came, left, {histogram_.data(), num_codewords}, stored_histogram());
  return {nearest_.data(), nearest_.size()};
}

template <class Device>
void Codebook<Device>::assign(Device& dev, VectorOf<Device, const int32_t> codes) {
  const int64_t num_codewords = codewords_.rows();
  const int64_t width = codewords_.cols();
  const int64_t num_seeds = normalised_.rows();
  nearest_.resize(num_seeds);
  const VectorOf<Device, int32_t> nearest(nearest_.data(), num_seeds);
  ops::nearest_codeword(dev, normalised_, codewords_, nearest);
  set_to_zero(dev, OutVector<Device>(step_.data(), step_.size()));
  ops::scatter_add_rows(dev, normalised_, nearest, {step_.data(), num_codewords, width});
  Real<Device>* const came = step_.data() + num_codewords * width;
  ops::count_codes(dev, nearest, {came, num_codewords});
  ops::count_codes(dev, codes, {came + num_codewords, num_codewords});
}

GIGAHOP_MODEL_INSTANTIATE(Codebook);

}  // namespace gigahop::model
