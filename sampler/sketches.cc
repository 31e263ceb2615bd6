#include "sampler/sketches.h"

#include <algorithm>

#include "sampler/lowest.h"
#include "sampler/scan.h"

namespace gigahop::sampler {

SketchLayout lay_out_sketches(const graph::LocalGraph& graph, const KnownRows& rows, int64_t max_length) {
  SketchLayout layout;
  layout.max_length = max_length;
  layout.offsets.reserve(rows.original_ids.size() + 1);
  layout.offsets.push_back(0);
  const auto edges = graph.edges();
  const auto add_row = [&](int64_t degree) {
    layout.offsets.push_back(layout.offsets.back() + std::min(degree, max_length));
  };
  for (int64_t row = 0; row < graph.num_owned(); ++row) add_row(edges.degree(row));
  for (const int64_t degree : rows.halo_degrees) add_row(degree);
  layout.halo = plan_ragged(
      rows.halo_plan, [&](int64_t row) { return std::min(edges.degree(row), max_length); },
      [&](int64_t place) { return std::min(rows.halo_degrees[place], max_length); });
  return layout;
}

Sketches build_sketches(const graph::LocalGraph& graph, const KnownRows& rows, const SketchLayout& layout,
                        const comm::Communicator& comm, PriorityKey key, int num_threads, int64_t round_elements) {
  Sketches sketches;
  sketches.priorities.resize(static_cast<size_t>(layout.offsets.back()));
  const auto edges = graph.edges();
#pragma omp parallel num_threads(num_threads)
  {
    Lowest lowest(layout.max_length);
#pragma omp for schedule(dynamic, 256)
    for (int64_t row = 0; row < graph.num_owned(); ++row) {
      lowest.clear();
      add_rows(edges.neighbours(row), rows.original_ids, key, lowest);
      std::ranges::copy(lowest.result(), sketches.priorities.begin() + layout.offsets[row]);
    }
  }
  const auto pack = [&](int64_t row, int64_t begin, std::span<uint64_t> out) {
    std::copy_n(sketches.priorities.begin() + layout.offsets[row] + begin, out.size(), out.begin());
  };
  const auto take = [&](int64_t place, int64_t begin, std::span<const uint64_t> elements) {
    std::ranges::copy(elements, sketches.priorities.begin() + layout.offsets[graph.num_owned() + place] + begin);
  };
  run_ragged<uint64_t>(comm, layout.halo, round_elements, pack, take, [] {});
  return sketches;
}

}  // namespace gigahop::sampler
