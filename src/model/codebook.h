/// The codebook of the global attention: moving averages of what seeds look like, one per codeword, never trained by
/// gradients, and the same on all ranks.
///
/// Codewords live in a normalised space; the running mean and variance carry them back. Sizes start at 1 and sums at
/// the codewords, so that codeword = sum / size holds from the first step on and a codeword that no seed chose stays
/// where it is.
/// Source: Kong et al. 2023 (vector quantisation by exponential moving averages).
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"
#include "comm/communicator.h"
#include "model/batch_statistics.h"
#include "tensor/arguments.h"

namespace gigahop::model {

template <class Device>
class Codebook {
 public:
  /// M codewords of width 2 G, standard normal by `key`; no node assigned yet.
  Codebook(Device& dev, RandomKey key, int64_t num_codewords, int64_t width);

  /// E [M, 2 G], computed from the codewords and running statistics; until the next call.
  In<Device> embedding(Device& dev);
  /// n [M]
  VectorOf<Device, const int64_t> histogram(Device& dev);

  /// The first half of a step: assigns the rows g [B, 2 G] of this rank's seeds, num_seeds_all (> 0) on all ranks.
  /// codes [B]: the old assignments. Returns what has to be summed over ranks before `move`, M (2 G + 2) numbers;
  /// codewords, embedding and histogram stay as they are.
  /// Collective. Cost: the all-reduces of BatchStatistics.
  OutVector<Device> collect(Device& dev, const comm::Communicator& comm, In<Device> g, int64_t num_seeds_all,
                            VectorOf<Device, const int32_t> codes);
  /// The second half: moves the codewords and the histogram by the sums. Returns the new assignments [B], until the
  /// next collect.
  VectorOf<Device, const int32_t> move(Device& dev);

  void set_histogram(Device& dev, std::span<const int64_t> counts);

  OutVector<Device> codewords() { return {codewords_.data(), codewords_.rows() * codewords_.cols()}; }
  OutVector<Device> sums() { return {sums_.data(), sums_.rows() * sums_.cols()}; }
  OutVector<Device> sizes() { return {sizes_.data(), sizes_.size()}; }
  /// The histogram as checkpoints carry it: whoever writes here sets n.
  OutVector<Device> stored_histogram() { return {stored_histogram_.data(), stored_histogram_.size()}; }
  BatchStatistics<Device>& statistics() { return statistics_; }

 private:
  /// Fills step_, and nearest_ with the new codes.
  void assign(Device& dev, VectorOf<Device, const int32_t> codes);

  BatchStatistics<Device> statistics_;
  Matrix<Real<Device>, Device> codewords_;  // [M, 2 G]
  Matrix<Real<Device>, Device> sums_;       // [M, 2 G]
  Buffer<Real<Device>, Device> sizes_;      // [M]
  Buffer<Real<Device>, Device> stored_histogram_;
  Buffer<int64_t, Device> histogram_;
  Matrix<Real<Device>, Device> embedding_;
  Matrix<Real<Device>, Device> normalised_;  // [B, 2 G]
  Buffer<int32_t, Device> nearest_;          // [B]
  /// What a step sums over ranks: assigned rows [M, 2 G], then how many came [M], then how many left [M].
  Buffer<Real<Device>, Device> step_;
};

}  // namespace gigahop::model
