#include "ops/rows.h"

#include "base/error.h"

namespace gigahop::ops {

template <class Device>
void seed_token_rows(Device&, VectorOf<Device, const int32_t> offsets, VectorOf<Device, const int32_t> nodes,
                     VectorOf<Device, int32_t> rows) {
  require(offsets.size == rows.size + 1, "seed_token_rows: extents agree");
  for (int64_t b = 0; b < rows.size; ++b) rows[b] = 3 * nodes[offsets[b]];
}

template void seed_token_rows(Cpu&, VectorOf<Cpu, const int32_t>, VectorOf<Cpu, const int32_t>, VectorOf<Cpu, int32_t>);
template void seed_token_rows(Reference&, VectorOf<Reference, const int32_t>, VectorOf<Reference, const int32_t>,
                              VectorOf<Reference, int32_t>);

}  // namespace gigahop::ops
