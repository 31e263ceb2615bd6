/// The local encoder on the sequence as it is defined: repeats are written out, and each row stands alone.
///
/// The sequence of a seed is its own three tokens for each of its count, then those of the other entries, count times
/// each; position 0 is hop 0 of the seed. Nothing is folded into counts, so this checks that the fast one may.
#include "ops/local_encoder.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "ops/layer_norm.h"

namespace gigahop::ops {
namespace {

using Row = std::vector<double>;
using Rows = std::vector<Row>;

struct Position {
  int64_t row;    // of query, key, value, residual
  int64_t token;  // 3 * index of the entry in its list + hop: names the dropout masks
};

std::vector<Position> write_out(const SampleLists<Reference>& lists, int64_t seed) {
  std::vector<Position> sequence;
  for (int64_t e = lists.offsets[seed]; e < lists.offsets[seed + 1]; ++e) {
    for (int32_t copy = 0; copy < lists.counts[e]; ++copy) {
      for (int64_t hop = 0; hop < 3; ++hop) {
        sequence.push_back({3 * lists.nodes[e] + hop, 3 * (e - lists.offsets[seed]) + hop});
      }
    }
  }
  return sequence;
}

double dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

Row softmax(Row scores) {
  if (scores.empty()) return scores;
  const double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - largest);
  for (double& score : scores) score /= sum;
  return scores;
}

double mask(const Dropout& dropout, OriginalId id, int64_t element) {
  if (dropout.probability == 0) return 1;
  return is_kept(dropout, id, static_cast<uint32_t>(element)) ? dropout_scale(dropout.probability) : 0;
}

/// What the forward pass of one seed computes, all of it.
struct SeedPass {
  std::vector<Position> sequence;
  std::vector<Rows> weights;  // [A][T][T]
  Rows attended;              // y [T][W]
  Rows inner;                 // masks [T][W]
  Rows outer;
  Matrix<double, Reference> summed;      // s [T, W]
  Matrix<double, Reference> normalised;  // o [T, W]
  Row alpha;                             // [T - 1], of positions 1 to T - 1
};

void attend(const EncoderRows<Reference>& rows, int64_t num_heads, SeedPass& pass) {
  const int64_t width = rows.query.cols / num_heads;
  pass.weights.assign(num_heads, {});
  pass.attended.assign(pass.sequence.size(), Row(rows.query.cols, 0.0));
  for (int64_t a = 0; a < num_heads; ++a) {
    for (size_t t = 0; t < pass.sequence.size(); ++t) {
      Row scores;
      for (const Position& s : pass.sequence) {
        const double product =
            dot(rows.query.row(pass.sequence[t].row) + a * width, rows.key.row(s.row) + a * width, width);
        scores.push_back(product / std::sqrt(static_cast<double>(width)));
      }
      pass.weights[a].push_back(softmax(scores));
      for (int64_t c = a * width; c < (a + 1) * width; ++c) {
        for (size_t s = 0; s < pass.sequence.size(); ++s) {
          pass.attended[t][c] += pass.weights[a][t][s] * rows.value.row(pass.sequence[s].row)[c];
        }
      }
    }
  }
}

SeedPass run_seed(Reference& dev, const SampleLists<Reference>& lists, const EncoderRows<Reference>& rows,
                  const EncoderParameters<Reference>& parameters, const EncoderOptions& options, int64_t seed) {
  SeedPass pass;
  pass.sequence = write_out(lists, seed);
  attend(rows, options.num_heads, pass);
  const int64_t width = rows.query.cols;
  const auto length = static_cast<int64_t>(pass.sequence.size());
  pass.inner.assign(length, Row(width));
  pass.outer.assign(length, Row(width));
  pass.summed.resize(length, width);
  pass.normalised.resize(length, width);
  for (int64_t t = 0; t < length; ++t) {
    for (int64_t c = 0; c < width; ++c) {
      const int64_t element = pass.sequence[t].token * width + c;
      pass.inner[t][c] = mask(options.inner, lists.seed_ids[seed], element);
      pass.outer[t][c] = mask(options.outer, lists.seed_ids[seed], element);
      const double z = dot(parameters.out_weight.row(c), pass.attended[t].data(), width) + parameters.out_bias[c];
      const double residual = rows.residual.row(pass.sequence[t].row)[c];
      pass.summed.row(t)[c] = pass.outer[t][c] * (residual + pass.inner[t][c] * z);
    }
  }
  layer_norm<Reference>(dev, pass.summed, parameters.norm_gain, parameters.norm_shift, pass.normalised);
  Row scores;
  for (int64_t t = 1; t < length; ++t) scores.push_back(dot(parameters.readout.data, pass.normalised.row(t), width));
  pass.alpha = softmax(scores);
  return pass;
}

/// Gradients of one seed's sequence, from the read-out back to s; adds those of readout, gain and shift.
Matrix<double, Reference> backward_to_sum(Reference& dev, const SeedPass& pass,
                                          const EncoderParameters<Reference>& parameters, const double* dout,
                                          const EncoderParameterGradients<Reference>& gradients) {
  const int64_t width = pass.summed.cols();
  const int64_t length = pass.summed.rows();
  Matrix<double, Reference> dnormalised(length, width);
  double mean = 0;
  for (int64_t t = 1; t < length; ++t) mean += pass.alpha[t - 1] * dot(dout, pass.normalised.row(t), width);
  for (int64_t t = 0; t < length; ++t) {
    const double alpha = t == 0 ? 1 : pass.alpha[t - 1];
    const double dscore = t == 0 ? 0 : alpha * (dot(dout, pass.normalised.row(t), width) - mean);
    for (int64_t c = 0; c < width; ++c) {
      dnormalised.row(t)[c] = alpha * dout[c] + dscore * parameters.readout[c];
      gradients.readout[c] += dscore * pass.normalised.row(t)[c];
    }
  }
  Matrix<double, Reference> dsummed(length, width);
  Row dgain(width);
  Row dshift(width);
  layer_norm_backward<Reference>(dev, pass.summed, parameters.norm_gain, dnormalised, dsummed, {dgain.data(), width},
                                 {dshift.data(), width});
  for (int64_t c = 0; c < width; ++c) {
    gradients.norm_gain[c] += dgain[c];
    gradients.norm_shift[c] += dshift[c];
  }
  return dsummed;
}

/// From s to y; adds the gradients of residual, Wo and bo.
Rows backward_to_attended(const SeedPass& pass, const EncoderParameters<Reference>& parameters,
                          const Matrix<double, Reference>& dsummed, const EncoderRowGradients<Reference>& row_gradients,
                          const EncoderParameterGradients<Reference>& gradients) {
  const int64_t width = pass.summed.cols();
  Rows dattended(pass.sequence.size(), Row(width, 0.0));
  for (size_t t = 0; t < pass.sequence.size(); ++t) {
    for (int64_t c = 0; c < width; ++c) {
      const double dresidual = dsummed.row(static_cast<int64_t>(t))[c] * pass.outer[t][c];
      const double dz = dresidual * pass.inner[t][c];
      row_gradients.residual.row(pass.sequence[t].row)[c] += dresidual;
      gradients.out_bias[c] += dz;
      for (int64_t k = 0; k < width; ++k) {
        gradients.out_weight.row(c)[k] += dz * pass.attended[t][k];
        dattended[t][k] += dz * parameters.out_weight.row(c)[k];
      }
    }
  }
  return dattended;
}

/// From y to query, key and value, added.
void backward_attention(const SeedPass& pass, const EncoderRows<Reference>& rows, int64_t num_heads,
                        const Rows& dattended, const EncoderRowGradients<Reference>& gradients) {
  const int64_t width = rows.query.cols / num_heads;
  const double factor = 1 / std::sqrt(static_cast<double>(width));
  for (int64_t a = 0; a < num_heads; ++a) {
    const int64_t first = a * width;
    for (size_t t = 0; t < pass.sequence.size(); ++t) {
      const Row& weights = pass.weights[a][t];
      const int64_t query_row = pass.sequence[t].row;
      Row dweights;
      double mean = 0;
      for (size_t s = 0; s < pass.sequence.size(); ++s) {
        dweights.push_back(dot(dattended[t].data() + first, rows.value.row(pass.sequence[s].row) + first, width));
        mean += weights[s] * dweights[s];
      }
      for (size_t s = 0; s < pass.sequence.size(); ++s) {
        const int64_t key_row = pass.sequence[s].row;
        const double dscore = weights[s] * (dweights[s] - mean) * factor;
        for (int64_t c = first; c < first + width; ++c) {
          gradients.value.row(key_row)[c] += weights[s] * dattended[t][c];
          gradients.query.row(query_row)[c] += dscore * rows.key.row(key_row)[c];
          gradients.key.row(key_row)[c] += dscore * rows.query.row(query_row)[c];
        }
      }
    }
  }
}

void clear(Out<Reference> x) {
  for (int64_t r = 0; r < x.rows; ++r) std::fill_n(x.row(r), x.cols, 0.0);
}

void clear(OutVector<Reference> x) {
  std::fill_n(x.data, x.size, 0.0);
}

}  // namespace

template <>
void local_encoder<Reference>(Reference& dev, const SampleLists<Reference>& lists, const EncoderRows<Reference>& rows,
                              const EncoderParameters<Reference>& parameters, const EncoderOptions& options,
                              Out<Reference> out) {
  require(out.rows == lists.seed_ids.size && out.cols == rows.query.cols, "local_encoder: extents agree");
  clear(out);
  for (int64_t b = 0; b < out.rows; ++b) {
    if (lists.offsets[b] == lists.offsets[b + 1]) continue;
    const SeedPass pass = run_seed(dev, lists, rows, parameters, options, b);
    for (int64_t t = 0; t < pass.normalised.rows(); ++t) {
      const double alpha = t == 0 ? 1 : pass.alpha[t - 1];
      for (int64_t c = 0; c < out.cols; ++c) out.row(b)[c] += alpha * pass.normalised.row(t)[c];
    }
  }
}

template <>
void local_encoder_backward<Reference>(Reference& dev, const SampleLists<Reference>& lists,
                                       const EncoderRows<Reference>& rows,
                                       const EncoderParameters<Reference>& parameters, const EncoderOptions& options,
                                       In<Reference> dout, const EncoderRowGradients<Reference>& row_gradients,
                                       const EncoderParameterGradients<Reference>& parameter_gradients) {
  require(dout.rows == lists.seed_ids.size && dout.cols == rows.query.cols, "local_encoder_backward: extents agree");
  for (Out<Reference> gradient : {row_gradients.query, row_gradients.key, row_gradients.value, row_gradients.residual,
                                  parameter_gradients.out_weight}) {
    clear(gradient);
  }
  for (OutVector<Reference> gradient : {parameter_gradients.out_bias, parameter_gradients.norm_gain,
                                        parameter_gradients.norm_shift, parameter_gradients.readout}) {
    clear(gradient);
  }
  for (int64_t b = 0; b < dout.rows; ++b) {
    if (lists.offsets[b] == lists.offsets[b + 1]) continue;
    const SeedPass pass = run_seed(dev, lists, rows, parameters, options, b);
    const auto dsummed = backward_to_sum(dev, pass, parameters, dout.row(b), parameter_gradients);
    const Rows dattended = backward_to_attended(pass, parameters, dsummed, row_gradients, parameter_gradients);
    backward_attention(pass, rows, options.num_heads, dattended, row_gradients);
  }
}

}  // namespace gigahop::ops
