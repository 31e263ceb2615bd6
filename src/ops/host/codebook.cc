/// In plain loops.
#include "ops/codebook.h"

#include <cmath>

#include "base/error.h"
#include "ops/layer_norm.h"

namespace gigahop::ops {

template <class Device>
void embed_codewords(Device&, In<Device> codewords, InVector<Device> mean, InVector<Device> variance,
                     Out<Device> embedding) {
  require(codewords.rows == embedding.rows && codewords.cols == embedding.cols && mean.size == codewords.cols &&
              variance.size == codewords.cols,
          "embed_codewords: extents agree");
  for (int64_t m = 0; m < embedding.rows; ++m) {
    for (int64_t c = 0; c < embedding.cols; ++c) {
      const double deviation = std::sqrt(variance[c] + kNormEpsilon);
      embedding.row(m)[c] = static_cast<Real<Device>>(codewords.row(m)[c] * deviation + mean[c]);
    }
  }
}

template <class Device>
void take_codes(Device&, VectorOf<Device, const uint16_t> codes, VectorOf<Device, const LocalId> nodes,
                VectorOf<Device, int32_t> taken) {
  require(taken.size == nodes.size, "take_codes: extents agree");
  for (int64_t b = 0; b < nodes.size; ++b) taken[b] = codes[nodes[b].value];
}

template <class Device>
void put_codes(Device&, VectorOf<Device, const int32_t> given, VectorOf<Device, const LocalId> nodes,
               VectorOf<Device, uint16_t> codes) {
  require(given.size == nodes.size, "put_codes: extents agree");
  for (int64_t b = 0; b < nodes.size; ++b) codes[nodes[b].value] = static_cast<uint16_t>(given[b]);
}

template <class Device>
void count_codes(Device&, VectorOf<Device, const int32_t> codes, OutVector<Device> counts) {
  for (int64_t b = 0; b < codes.size; ++b) {
    require(codes[b] >= 0 && codes[b] < counts.size, "a code names a codeword");
    counts[codes[b]] += 1;
  }
}

template <class Device>
void move_codewords(Device&, const CodebookDecay& options, In<Device> arrived, InVector<Device> came,
                    OutVector<Device> sizes, Out<Device> sums, Out<Device> codewords) {
  require(arrived.rows == sums.rows && arrived.cols == sums.cols && codewords.rows == sums.rows &&
              codewords.cols == sums.cols && came.size == sums.rows && sizes.size == sums.rows,
          "move_codewords: extents agree");
  const auto moved = [&](double from, double to) { return options.decay * from + (1 - options.decay) * to; };
  double total = 0;
  for (int64_t m = 0; m < sizes.size; ++m) total += moved(sizes[m], came[m]);
  const double scale = total / (total + options.smoothing * static_cast<double>(sizes.size));
  for (int64_t m = 0; m < sizes.size; ++m) {
    const double size = (moved(sizes[m], came[m]) + options.smoothing) * scale;
    sizes[m] = static_cast<Real<Device>>(size);
    for (int64_t c = 0; c < sums.cols; ++c) {
      const double sum = moved(sums.row(m)[c], arrived.row(m)[c]);
      sums.row(m)[c] = static_cast<Real<Device>>(sum);
      codewords.row(m)[c] = static_cast<Real<Device>>(sum / size);
    }
  }
}

template <class Device>
void read_histogram(Device&, InVector<Device> stored, VectorOf<Device, int64_t> histogram) {
  require(stored.size == histogram.size, "read_histogram: extents agree");
  for (int64_t m = 0; m < histogram.size; ++m) {
    if (static_cast<Real<Device>>(histogram[m]) != stored[m]) histogram[m] = std::llround(stored[m]);
  }
}

template <class Device>
void move_histogram(Device&, InVector<Device> came, InVector<Device> left, VectorOf<Device, int64_t> histogram,
                    OutVector<Device> stored) {
  require(came.size == histogram.size && left.size == histogram.size && stored.size == histogram.size,
          "move_histogram: extents agree");
  for (int64_t m = 0; m < histogram.size; ++m) {
    histogram[m] += std::llround(came[m]) - std::llround(left[m]);
    stored[m] = static_cast<Real<Device>>(histogram[m]);
  }
}

template void embed_codewords(Cpu&, In<Cpu>, InVector<Cpu>, InVector<Cpu>, Out<Cpu>);
template void take_codes(Cpu&, VectorOf<Cpu, const uint16_t>, VectorOf<Cpu, const LocalId>, VectorOf<Cpu, int32_t>);
template void put_codes(Cpu&, VectorOf<Cpu, const int32_t>, VectorOf<Cpu, const LocalId>, VectorOf<Cpu, uint16_t>);
template void count_codes(Cpu&, VectorOf<Cpu, const int32_t>, OutVector<Cpu>);
template void move_codewords(Cpu&, const CodebookDecay&, In<Cpu>, InVector<Cpu>, OutVector<Cpu>, Out<Cpu>, Out<Cpu>);
template void read_histogram(Cpu&, InVector<Cpu>, VectorOf<Cpu, int64_t>);
template void move_histogram(Cpu&, InVector<Cpu>, InVector<Cpu>, VectorOf<Cpu, int64_t>, OutVector<Cpu>);
template void embed_codewords(Reference&, In<Reference>, InVector<Reference>, InVector<Reference>, Out<Reference>);
template void take_codes(Reference&, VectorOf<Reference, const uint16_t>, VectorOf<Reference, const LocalId>,
                         VectorOf<Reference, int32_t>);
template void put_codes(Reference&, VectorOf<Reference, const int32_t>, VectorOf<Reference, const LocalId>,
                        VectorOf<Reference, uint16_t>);
template void count_codes(Reference&, VectorOf<Reference, const int32_t>, OutVector<Reference>);
template void move_codewords(Reference&, const CodebookDecay&, In<Reference>, InVector<Reference>, OutVector<Reference>,
                             Out<Reference>, Out<Reference>);
template void read_histogram(Reference&, InVector<Reference>, VectorOf<Reference, int64_t>);
template void move_histogram(Reference&, InVector<Reference>, InVector<Reference>, VectorOf<Reference, int64_t>,
                             OutVector<Reference>);

}  // namespace gigahop::ops
