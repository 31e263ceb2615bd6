#include "model/explanation.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "base/error.h"

namespace gigahop::model {
namespace {

using Row = std::vector<double>;

constexpr double kEpsilon = 1e-5;  // of every norm

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void add_scaled(double scale, std::span<const double> from, std::span<double> to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += scale * from[i];
}

/// weights_i exp(logits_i) / their sum, in place of the logits.
void weighted_softmax(std::span<const double> weights, Row& logits) {
  double most = -INFINITY;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (weights[i] > 0) most = std::max(most, logits[i]);
  }
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    logits[i] = weights[i] > 0 ? weights[i] * std::exp(logits[i] - most) : 0;
    sum += logits[i];
  }
  if (sum == 0) return;
  for (double& share : logits) share /= sum;
}

Row relu(Row x) {
  for (double& value : x) value = std::max(value, 0.0);
  return x;
}

Row joined(Row a, const Row& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// The model's numbers by name, and one seed of a batch.
class Explainer {
 public:
  Explainer(LargeGt<Cpu>& model, const ModelInput<Cpu>& input, int64_t seed)
      : model_(model), shape_(model.shape()), input_(input), seed_(seed) {
    require(seed >= 0 && seed < input.seed_ids.size, "a seed of the batch");
    first_ = input.sample_offsets[seed];
    num_entries_ = input.sample_offsets[seed + 1] - first_;
  }

  Explanation run() {
    Row x;
    if (shape_.has_local()) x = local();
    if (shape_.has_seed_branch()) {
      const Row h = seed_branch();
      x = joined(std::move(x), shape_.has_global() ? global(h) : h);
    }
    x = relu(batch_norm("head.norm1", linear("head.linear1", x)));
    x = relu(batch_norm("head.norm2", linear("head.linear2", x)));
    result_.logits = linear("head.linear3", x);
    result_.probabilities = result_.logits;
    weighted_softmax(Row(result_.logits.size(), 1.0), result_.probabilities);
    return std::move(result_);
  }

 private:
  Row parameter(const std::string& name) {
    const VectorView<float, Cpu> values = model_.parameters().value_vector(name);
    return {values.data, values.data + values.size};
  }

  Row state(const std::string& name) {
    for (const StateArray<Cpu>& array : model_.state()) {
      if (array.name == name) return {array.values.data, array.values.data + array.values.size};
    }
    throw Error(ErrorKind::kInternal, "no state named " + name);
  }

  /// W x + b for every row.
  std::vector<Row> linear(const std::string& name, const std::vector<Row>& rows) {
    const Row weight = parameter(name + ".weight");
    const Row bias = parameter(name + ".bias");
    std::vector<Row> out;
    for (const Row& x : rows) {
      Row& y = out.emplace_back(bias);
      for (size_t o = 0; o < y.size(); ++o) y[o] += dot(x, std::span(weight).subspan(o * x.size(), x.size()));
    }
    return out;
  }

  Row linear(const std::string& name, const Row& x) { return linear(name, std::vector<Row>{x}).front(); }

  Row batch_norm(const std::string& name, Row x) {
    const Row mean = state(name + ".running_mean");
    const Row variance = state(name + ".running_var");
    const Row weight = parameter(name + ".weight");
    const Row bias = parameter(name + ".bias");
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = (x[i] - mean[i]) / std::sqrt(variance[i] + kEpsilon) * weight[i] + bias[i];
    }
    return x;
  }

  std::vector<Row> layer_norm(const std::string& name, std::vector<Row> rows) {
    const Row weight = parameter(name + ".weight");
    const Row bias = parameter(name + ".bias");
    for (Row& x : rows) {
      const auto width = static_cast<double>(x.size());
      double mean = 0;
      for (const double value : x) mean += value / width;
      double variance = 0;
      for (const double value : x) variance += (value - mean) * (value - mean) / width;
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = (x[i] - mean) / std::sqrt(variance + kEpsilon) * weight[i] + bias[i];
      }
    }
    return rows;
  }

  /// Hop h of entry l of the seed's list.
  Row token(int64_t l, int64_t h) const {
    const float* const row = input_.tokens.row(3 * input_.sample_nodes[first_ + l] + h);
    return {row, row + shape_.feature_width};
  }

  Row seed_branch() {
    return linear("seed_branch.linear2",
                  relu(batch_norm("seed_branch.norm", linear("seed_branch.linear1", token(0, 0)))));
  }

  std::vector<Row> token_branch() {
    std::vector<Row> rows;
    for (int64_t t = 0; t < 3 * num_entries_; ++t) rows.push_back(token(t / 3, t % 3));
    rows = linear("token_branch.linear1", rows);
    for (Row& row : rows) row = relu(std::move(row));
    return linear("token_branch.linear3", linear("token_branch.linear2", rows));
  }

  /// [T] how often each token stands in the sequence.
  Row counts() const {
    Row counts;
    for (int64_t t = 0; t < 3 * num_entries_; ++t) counts.push_back(input_.sample_counts[first_ + t / 3]);
    return counts;
  }

  /// What the tokens take from each other, [T] rows of [A H]; notes the attention.
  std::vector<Row> attend(const std::vector<Row>& u) {
    const std::vector<Row> q = linear("local.query", u);
    const std::vector<Row> k = linear("local.key", u);
    const std::vector<Row> v = linear("local.value", u);
    const size_t num_tokens = u.size();
    const auto width = static_cast<size_t>(shape_.hidden_width);
    const auto num_heads = static_cast<size_t>(shape_.num_heads);
    const Row repeats = counts();
    std::vector<Row> y(num_tokens, Row(num_heads * width, 0.0));
    result_.attention.assign(num_tokens * num_tokens, 0.0);
    for (size_t t = 0; t < num_tokens; ++t) {
      const std::span<double> noted = std::span(result_.attention).subspan(t * num_tokens, num_tokens);
      for (size_t a = 0; a < num_heads; ++a) {
        const auto head = [&](const Row& row) { return std::span(row).subspan(a * width, width); };
        Row weights(num_tokens);
        for (size_t s = 0; s < num_tokens; ++s) {
          weights[s] = dot(head(q[t]), head(k[s])) / std::sqrt(static_cast<double>(width));
        }
        weighted_softmax(repeats, weights);
        const std::span<double> out = std::span(y[t]).subspan(a * width, width);
        for (size_t s = 0; s < num_tokens; ++s) add_scaled(weights[s], head(v[s]), out);
        add_scaled(1.0 / static_cast<double>(num_heads), weights, noted);
      }
    }
    return linear("local.output", y);
  }

  Row local() {
    const std::vector<Row> e = token_branch();
    std::vector<Row> s = linear("local.residual", e);
    const std::vector<Row> y = attend(layer_norm("local.norm1", e));
    for (size_t t = 0; t < s.size(); ++t) add_scaled(1.0, y[t], s[t]);
    const std::vector<Row> o = layer_norm("local.norm2", std::move(s));
    const Row readout = parameter("local.readout.weight");
    Row repeats = counts();
    repeats[0] -= 1;  // the seed's own token is what the others are added to
    for (const Row& row : o) result_.readout.push_back(dot(readout, row));
    weighted_softmax(repeats, result_.readout);
    Row sum = o.front();
    for (size_t t = 0; t < o.size(); ++t) add_scaled(result_.readout[t], o[t], sum);
    return sum;
  }

  /// [M] rows of [2 G].
  std::vector<Row> codebook() {
    const Row codewords = state("codebook.codewords");
    const Row mean = state("codebook.running_mean");
    const Row variance = state("codebook.running_var");
    std::vector<Row> rows;
    for (size_t m = 0; m < static_cast<size_t>(shape_.num_codewords); ++m) {
      Row& row = rows.emplace_back(mean);
      for (size_t i = 0; i < row.size(); ++i) {
        row[i] += codewords[m * row.size() + i] * std::sqrt(variance[i] + kEpsilon);
      }
    }
    return rows;
  }

  Row global(const Row& h) {
    const float* const positional = input_.positional.row(seed_);
    const Row g = joined(linear("global.project", h), Row(positional, positional + shape_.positional_width));
    const Row q = linear("global.query", g);
    std::vector<Row> e = codebook();
    const std::vector<Row> k = linear("global.key", e);
    for (Row& row : e) row.resize(static_cast<size_t>(shape_.positional_width));
    const std::vector<Row> v = linear("global.value", e);
    const Row histogram = state("codebook.histogram");
    const auto width = static_cast<size_t>(shape_.hidden_width);
    Row out(q.size(), 0.0);
    result_.codewords.assign(k.size(), 0.0);
    for (size_t a = 0; a < static_cast<size_t>(shape_.num_heads); ++a) {
      const auto head = [&](const Row& row) { return std::span(row).subspan(a * width, width); };
      Row weights(k.size());
      for (size_t m = 0; m < k.size(); ++m) {
        weights[m] = dot(head(q), head(k[m])) / std::sqrt(static_cast<double>(width));
      }
      weighted_softmax(histogram, weights);
      for (size_t m = 0; m < k.size(); ++m)
        add_scaled(weights[m], head(v[m]), std::span(out).subspan(a * width, width));
      add_scaled(1.0 / static_cast<double>(shape_.num_heads), weights, result_.codewords);
    }
    return out;
  }

  LargeGt<Cpu>& model_;
  const ModelShape& shape_;
  const ModelInput<Cpu>& input_;
  int64_t seed_;
  int64_t first_ = 0;
  int64_t num_entries_ = 0;
  Explanation result_;
};

}  // namespace

Explanation explain(LargeGt<Cpu>& model, const ModelInput<Cpu>& input, int64_t seed) {
  return Explainer(model, input, seed).run();
}

}  // namespace gigahop::model
