/// Local attention: what depends on a token alone is computed once per distinct token here; what depends on the seed
/// (attention, residual, norm, read-out) is ops/local_encoder.h.
#pragma once

#include "model/linear_layer.h"
#include "model/model_input.h"
#include "model/model_shape.h"
#include "ops/local_encoder.h"

namespace gigahop::model {

template <class Device>
class LocalLayer {
 public:
  LocalLayer(Parameters<Device>& parameters, const ModelShape& shape);

  /// e [3 U, H]; out [B, A H], overwritten.
  void forward(Device& dev, const StepContext& context, const ModelInput<Device>& input, In<Device> e, Out<Device> out);
  /// From dout [B, A H]: gradients of the parameters, and de [3 U, H], overwritten.
  void backward(Device& dev, const ModelInput<Device>& input, In<Device> e, In<Device> dout, Out<Device> de);

 private:
  ops::EncoderRows<Device> rows() const;

  int64_t num_heads_;
  double dropout_;
  InVector<Device> norm_gain_;
  InVector<Device> norm_shift_;
  OutVector<Device> norm_gain_gradient_;
  OutVector<Device> norm_shift_gradient_;
  LinearLayer<Device> query_key_value_;
  LinearLayer<Device> residual_;
  ops::EncoderParameters<Device> encoder_;
  ops::EncoderParameterGradients<Device> encoder_gradients_;
  ops::EncoderOptions options_;                 // of the last forward
  Matrix<Real<Device>, Device> normed_;         // u [3 U, H]
  Matrix<Real<Device>, Device> projected_;      // q, k, v side by side [3 U, 3 A H]
  Matrix<Real<Device>, Device> residual_rows_;  // [3 U, A H]
  Matrix<Real<Device>, Device> projected_gradient_;
  Matrix<Real<Device>, Device> residual_gradient_;
};

}  // namespace gigahop::model
