/// Global attention of every seed over the codebook.
#pragma once

#include "model/codebook.h"
#include "model/linear_layer.h"
#include "model/model_input.h"
#include "model/model_shape.h"

namespace gigahop::model {

template <class Device>
class GlobalLayer {
 public:
  GlobalLayer(Parameters<Device>& parameters, const ModelShape& shape);

  /// h [B, H], positional [B, G]; out [B, A H], overwritten. The codebook's embedding and histogram stay in use until
  /// backward has run.
  void forward(Device& dev, Codebook<Device>& codebook, In<Device> h, In<Device> positional, Out<Device> out);
  /// From dout [B, A H]: gradients of the parameters, and dh [B, H], overwritten.
  void backward(Device& dev, In<Device> h, In<Device> dout, Out<Device> dh);

  /// g [B, 2 G] of the last forward.
  In<Device> rows() const { return rows_; }

 private:
  int64_t num_heads_;
  LinearLayer<Device> project_;
  LinearLayer<Device> query_;
  LinearLayer<Device> key_;
  LinearLayer<Device> value_;
  In<Device> embedding_;
  VectorOf<Device, const int64_t> histogram_;
  Matrix<Real<Device>, Device> rows_;
  Matrix<Real<Device>, Device> queries_;  // [B, A H]
  Matrix<Real<Device>, Device> keys_;     // [M, A H]
  Matrix<Real<Device>, Device> values_;
  Matrix<Real<Device>, Device> queries_gradient_;
  Matrix<Real<Device>, Device> keys_gradient_;
  Matrix<Real<Device>, Device> values_gradient_;
  Matrix<Real<Device>, Device> projected_gradient_;  // [B, G]
};

}  // namespace gigahop::model
