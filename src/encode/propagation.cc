#include "encode/propagation.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gigahop::encode {
namespace {

constexpr int64_t kRowsPerReport = 65536;

comm::RowPlan plan_halo(const comm::Communicator& comm, const graph::LocalGraph& graph) {
  std::vector<int32_t> owners;
  std::vector<int64_t> rows;
  owners.reserve(static_cast<size_t>(graph.num_halo()));
  rows.reserve(static_cast<size_t>(graph.num_halo()));
  for (const GlobalId id : graph.halo_ids()) {
    owners.push_back(graph.rank_of(id));
    rows.push_back(graph.row_on_owner(id));
  }
  return comm::plan_rows(comm, owners, rows);
}

double inverse_root(int64_t degree) {
  return 1.0 / std::sqrt(static_cast<double>(degree) + 1.0);
}

}  // namespace

Propagation::Propagation(const comm::Communicator& comm, const graph::LocalGraph& graph, Progress& progress)
    : comm_(comm), graph_(graph), progress_(progress), plan_(plan_halo(comm, graph)) {
  scale_.reserve(static_cast<size_t>(graph.num_owned() + graph.num_halo()));
  for (int64_t row = 0; row < graph.num_owned(); ++row) scale_.push_back(inverse_root(graph.edges().degree(row)));
  for (const int32_t degree : graph.halo_degrees()) scale_.push_back(inverse_root(degree));
}

void Propagation::fetch_halo(MatrixView<const float> x) {
  const int64_t row_bytes = x.cols * static_cast<int64_t>(sizeof(float));
  halo_.resize(graph_.num_halo(), x.cols);
  const auto pack = [&](int64_t row, std::byte* out) { std::memcpy(out, x.row(row), static_cast<size_t>(row_bytes)); };
  const int64_t message_bytes =
      std::min(comm::kMaxMessageBytes, std::max<int64_t>(row_bytes, kExchangeBytes / (2 * comm_.size())));
  comm::run_rows(comm_, plan_, row_bytes, pack, reinterpret_cast<std::byte*>(halo_.data()), row_bytes, message_bytes);
}

void Propagation::multiply_row(int64_t row, MatrixView<const float> x, std::vector<double>& sum, float* out) const {
  const auto add = [&](double scale, const float* values) {
    for (int64_t c = 0; c < x.cols; ++c) sum[static_cast<size_t>(c)] += scale * static_cast<double>(values[c]);
  };
  const int64_t num_owned = graph_.num_owned();
  const double own_scale = scale_[static_cast<size_t>(row)];
  std::fill(sum.begin(), sum.end(), 0.0);
  add(own_scale, x.row(row));
  for (const LocalId column : graph_.edges().neighbours(row)) {
    const int64_t other = column.value;
    add(scale_[static_cast<size_t>(other)], other < num_owned ? x.row(other) : halo_.row(other - num_owned));
  }
  for (int64_t c = 0; c < x.cols; ++c) out[c] = static_cast<float>(own_scale * sum[static_cast<size_t>(c)]);
}

void Propagation::apply(MatrixView<const float> x, MatrixView<float> y) {
  fetch_halo(x);
  const int64_t num_rows = graph_.num_owned();
  for (int64_t first = 0; first < num_rows; first += kRowsPerReport) {
    const int64_t last = std::min(num_rows, first + kRowsPerReport);
#pragma omp parallel
    {
      std::vector<double> sum(static_cast<size_t>(x.cols));
#pragma omp for schedule(dynamic, 256)
      for (int64_t row = first; row < last; ++row) multiply_row(row, x, sum, y.row(row));
    }
    progress_.advance(last - first);
  }
}

}  // namespace gigahop::encode
