/// In plain loops: a number for each column is little work.
#include "ops/batch_statistics.h"

#include <cmath>

#include "base/error.h"
#include "ops/layer_norm.h"

namespace gigahop::ops {

template <class Device>
void mean_of_sums(Device&, VectorOf<Device, const double> sums, int64_t rows_all, VectorOf<Device, double> mean) {
  require(sums.size == mean.size && rows_all >= 1, "mean_of_sums: extents agree");
  for (int64_t c = 0; c < mean.size; ++c) mean[c] = sums[c] / static_cast<double>(rows_all);
}

template <class Device>
void finish_statistics(Device&, VectorOf<Device, const double> mean, VectorOf<Device, const double> square_sums,
                       int64_t rows_all, double momentum, VectorOf<Device, double> inverse_deviation,
                       OutVector<Device> running_mean, OutVector<Device> running_variance) {
  require(square_sums.size == mean.size && inverse_deviation.size == mean.size && running_mean.size == mean.size &&
              running_variance.size == mean.size && rows_all >= 2,
          "finish_statistics: extents agree");
  for (int64_t c = 0; c < mean.size; ++c) {
    inverse_deviation[c] = 1 / std::sqrt(square_sums[c] / static_cast<double>(rows_all) + kNormEpsilon);
    const double unbiased = square_sums[c] / static_cast<double>(rows_all - 1);
    running_mean[c] = static_cast<Real<Device>>((1 - momentum) * running_mean[c] + momentum * mean[c]);
    running_variance[c] = static_cast<Real<Device>>((1 - momentum) * running_variance[c] + momentum * unbiased);
  }
}

template <class Device>
void use_running_statistics(Device&, InVector<Device> running_mean, InVector<Device> running_variance,
                            VectorOf<Device, double> mean, VectorOf<Device, double> inverse_deviation) {
  require(running_mean.size == mean.size && running_variance.size == mean.size && inverse_deviation.size == mean.size,
          "use_running_statistics: extents agree");
  for (int64_t c = 0; c < mean.size; ++c) {
    mean[c] = running_mean[c];
    inverse_deviation[c] = 1 / std::sqrt(running_variance[c] + kNormEpsilon);
  }
}

template <class Device>
void round_sums(Device&, VectorOf<Device, const double> sums, OutVector<Device> values) {
  require(sums.size == values.size, "round_sums: extents agree");
  for (int64_t c = 0; c < sums.size; ++c) values[c] = static_cast<Real<Device>>(sums[c]);
}

template void mean_of_sums(Cpu&, VectorOf<Cpu, const double>, int64_t, VectorOf<Cpu, double>);
template void finish_statistics(Cpu&, VectorOf<Cpu, const double>, VectorOf<Cpu, const double>, int64_t, double,
                                VectorOf<Cpu, double>, OutVector<Cpu>, OutVector<Cpu>);
template void use_running_statistics(Cpu&, InVector<Cpu>, InVector<Cpu>, VectorOf<Cpu, double>, VectorOf<Cpu, double>);
template void round_sums(Cpu&, VectorOf<Cpu, const double>, OutVector<Cpu>);
template void mean_of_sums(Reference&, VectorOf<Reference, const double>, int64_t, VectorOf<Reference, double>);
template void finish_statistics(Reference&, VectorOf<Reference, const double>, VectorOf<Reference, const double>,
                                int64_t, double, VectorOf<Reference, double>, OutVector<Reference>,
                                OutVector<Reference>);
template void use_running_statistics(Reference&, InVector<Reference>, InVector<Reference>, VectorOf<Reference, double>,
                                     VectorOf<Reference, double>);
template void round_sums(Reference&, VectorOf<Reference, const double>, OutVector<Reference>);

}  // namespace gigahop::ops
