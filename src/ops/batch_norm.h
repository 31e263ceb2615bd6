/// Batch norm over the rows of all ranks, cut into local steps between which the caller sums over ranks.
///
/// Forward: column_sums -> all-reduce -> mean = sum / rows_all -> centred_square_sums -> all-reduce ->
///          inverse_deviation = 1 / sqrt(square_sum / rows_all + kNormEpsilon) -> batch_norm_apply.
/// Backward: batch_norm_backward_sums (this rank's dshift and dgain) -> all-reduce -> batch_norm_backward_apply.
/// Two passes, because sum of squares minus square of sum loses all digits when the mean is large.
/// Statistics are double; a rank with no rows contributes zeros.
#pragma once

#include "ops/layer_norm.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

/// sums [W] = over rows of x [R, W]. Overwritten.
template <class Device>
void column_sums(Device& dev, In<Device> x, VectorOf<Device, double> sums);

/// square_sums [W] = over rows of (x - mean)^2. Overwritten.
template <class Device>
void centred_square_sums(Device& dev, In<Device> x, VectorOf<Device, const double> mean,
                         VectorOf<Device, double> square_sums);

/// y = (x - mean) inverse_deviation gain + shift. gain and shift both [W], or both empty (no affine part). y may be x.
template <class Device>
void batch_norm_apply(Device& dev, In<Device> x, VectorOf<Device, const double> mean,
                      VectorOf<Device, const double> inverse_deviation, InVector<Device> gain, InVector<Device> shift,
                      Out<Device> y);

/// dy_sums [W] = over rows of dy (= dshift), dy_x_sums [W] = over rows of dy (x - mean) inverse_deviation (= dgain).
template <class Device>
void batch_norm_backward_sums(Device& dev, In<Device> x, VectorOf<Device, const double> mean,
                              VectorOf<Device, const double> inverse_deviation, In<Device> dy,
                              VectorOf<Device, double> dy_sums, VectorOf<Device, double> dy_x_sums);

/// dx = gain inverse_deviation (dy - dy_sums / rows_all - normalised x dy_x_sums / rows_all), sums over all ranks'
/// rows. gain empty = 1. dx may be dy.
template <class Device>
void batch_norm_backward_apply(Device& dev, In<Device> x, VectorOf<Device, const double> mean,
                               VectorOf<Device, const double> inverse_deviation, InVector<Device> gain, In<Device> dy,
                               VectorOf<Device, const double> dy_sums, VectorOf<Device, const double> dy_x_sums,
                               int64_t rows_all, Out<Device> dx);

}  // namespace gigahop::ops
