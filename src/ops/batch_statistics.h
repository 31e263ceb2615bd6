/// The steps of batch norm between those of ops/batch_norm.h that touch one number of each column: from sums over the
/// rows of all ranks to what normalises, and the running values that evaluation uses.
#pragma once

#include <cstdint>

#include "tensor/arguments.h"

namespace gigahop::ops {

/// mean [W] = sums / rows_all, rows_all >= 1.
template <class Device>
void mean_of_sums(Device& dev, VectorOf<Device, const double> sums, int64_t rows_all, VectorOf<Device, double> mean);

/// From square_sums [W] around the mean [W] over rows_all >= 2 rows: inverse_deviation [W], and one step of the running
/// values [W]: each moves by `momentum` of the way to the mean and to the unbiased variance.
template <class Device>
void finish_statistics(Device& dev, VectorOf<Device, const double> mean, VectorOf<Device, const double> square_sums,
                       int64_t rows_all, double momentum, VectorOf<Device, double> inverse_deviation,
                       OutVector<Device> running_mean, OutVector<Device> running_variance);

/// mean and inverse_deviation [W] from the running values [W].
template <class Device>
void use_running_statistics(Device& dev, InVector<Device> running_mean, InVector<Device> running_variance,
                            VectorOf<Device, double> mean, VectorOf<Device, double> inverse_deviation);

/// values [W] = those of doubles, rounded to the device's number.
template <class Device>
void round_sums(Device& dev, VectorOf<Device, const double> sums, OutVector<Device> values);

}  // namespace gigahop::ops
