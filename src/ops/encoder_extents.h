/// What the local encoder requires of the extents of its arguments, on every device.
#pragma once

#include "base/error.h"
#include "ops/local_encoder.h"

namespace gigahop::ops {

/// result: out, or dout.
template <class Device>
void require_extents(const SampleLists<Device>& lists, const EncoderRows<Device>& rows,
                     const EncoderParameters<Device>& parameters, const EncoderOptions& options, In<Device> result) {
  const int64_t width = rows.query.cols;
  require(options.num_heads > 0 && width % options.num_heads == 0, "local_encoder: heads of equal width");
  require(lists.offsets.size == lists.seed_ids.size + 1 && lists.counts.size == lists.nodes.size,
          "local_encoder: the lists agree");
  require(rows.key.cols == width && rows.value.cols == width && rows.residual.cols == width &&
              rows.key.rows == rows.query.rows && rows.value.rows == rows.query.rows &&
              rows.residual.rows == rows.query.rows,
          "local_encoder: the rows agree");
  require(parameters.out_weight.rows == width && parameters.out_weight.cols == width &&
              parameters.out_bias.size == width && parameters.norm_gain.size == width &&
              parameters.norm_shift.size == width && parameters.readout.size == width,
          "local_encoder: the parameters agree");
  require(result.rows == lists.seed_ids.size && result.cols == width, "local_encoder: extents agree");
}

template <class Device>
void require_extents(const EncoderRows<Device>& rows, const EncoderRowGradients<Device>& row_gradients,
                     const EncoderParameterGradients<Device>& parameter_gradients) {
  const int64_t width = rows.query.cols;
  const auto is_like_rows = [&](Out<Device> x) { return x.rows == rows.query.rows && x.cols == width; };
  require(is_like_rows(row_gradients.query) && is_like_rows(row_gradients.key) && is_like_rows(row_gradients.value) &&
              is_like_rows(row_gradients.residual),
          "local_encoder: the row gradients agree");
  require(parameter_gradients.out_weight.rows == width && parameter_gradients.out_weight.cols == width &&
              parameter_gradients.out_bias.size == width && parameter_gradients.norm_gain.size == width &&
              parameter_gradients.norm_shift.size == width && parameter_gradients.readout.size == width,
          "local_encoder: the parameter gradients agree");
}

}  // namespace gigahop::ops
