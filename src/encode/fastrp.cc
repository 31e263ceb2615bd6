#include "encode/fastrp.h"

#include <algorithm>
#include <cmath>

namespace gigahop::encode {

int64_t projected_nodes(const proto::Partition& partition) {
  return partition.has_first_num_nodes() ? partition.first_num_nodes() : partition.num_nodes();
}

float projection_entry(RandomKey key, OriginalId node, int64_t column, int64_t num_nodes) {
  const RandomWords words =
      random_words(key, Purpose::kFastRp, 0, static_cast<uint64_t>(node.value), static_cast<uint32_t>(column / 4));
  const double drawn = (static_cast<double>(words[static_cast<size_t>(column % 4)]) + 0.5) * 0x1p-32;
  const double half = 0.5 / std::sqrt(static_cast<double>(num_nodes));
  return drawn < half ? 1.0F : drawn < 2 * half ? -1.0F : 0.0F;
}

FastRp::FastRp(const graph::LocalGraph& graph, RandomKey key, std::vector<double> weights, int64_t width,
               int64_t block_width)
    : graph_(graph),
      key_(key),
      weights_(std::move(weights)),
      width_(width),
      block_width_(block_width),
      squares_(weights_.size() * static_cast<size_t>(graph.num_owned()), 0.0) {}

void FastRp::run(Propagation& propagation, const std::function<void(int64_t, MatrixView<const float>)>& write) {
  const bool in_one_block = block_width_ >= width_;
  for (int64_t first = 0; !in_one_block && first < width_; first += block_width_) {
    visit_powers(propagation, first, std::min(block_width_, width_ - first),
                 [&](size_t power, MatrixView<const float> u) { add_squares(power, u); });
  }
  Matrix<float> sum;
  for (int64_t first = 0; first < width_; first += block_width_) {
    const int64_t count = std::min(block_width_, width_ - first);
    sum.resize(graph_.num_owned(), count);
    sum.fill(0.0F);
    visit_powers(propagation, first, count, [&](size_t power, MatrixView<const float> u) {
      if (in_one_block) add_squares(power, u);
      add_weighted(power, u, sum);
    });
    write(first, sum.view());
  }
}

void FastRp::visit_powers(Propagation& propagation, int64_t first_column, int64_t num_columns, const Visit& visit) {
  u_.resize(graph_.num_owned(), num_columns);
  next_.resize(graph_.num_owned(), num_columns);
  const int64_t num_nodes = projected_nodes(graph_.partition());
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < graph_.num_owned(); ++row) {
    for (int64_t c = 0; c < num_columns; ++c) {
      u_.row(row)[c] = projection_entry(key_, graph_.original_ids()[row], first_column + c, num_nodes);
    }
  }
  for (size_t power = 0; power < weights_.size(); ++power) {
    propagation.apply(u_, next_);
    std::swap(u_, next_);
    visit(power, u_.view());
  }
}

void FastRp::add_squares(size_t power, MatrixView<const float> u) {
  double* squares = squares_.data() + power * static_cast<size_t>(u.rows);
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < u.rows; ++row) {
    for (int64_t c = 0; c < u.cols; ++c) squares[row] += static_cast<double>(u.row(row)[c]) * u.row(row)[c];
  }
}

void FastRp::add_weighted(size_t power, MatrixView<const float> u, MatrixView<float> sum) const {
  const double* squares = squares_.data() + power * static_cast<size_t>(u.rows);
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < u.rows; ++row) {
    const double scale = squares[row] > 0 ? weights_[power] / std::sqrt(squares[row]) : 0.0;
    for (int64_t c = 0; c < u.cols; ++c) {
      sum.row(row)[c] = static_cast<float>(sum.row(row)[c] + scale * u.row(row)[c]);
    }
  }
}

}  // namespace gigahop::encode
