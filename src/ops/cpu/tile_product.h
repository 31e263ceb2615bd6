/// Products of pairs of bfloat16 on processors with matrix tiles (Intel AMX). Their instruction for pairs in vectors is
/// no faster than the one for floats.
#pragma once

#include "ops/cpu/unit_product.h"

namespace gigahop::ops::cpu {

/// Whether this processor has tiles for bfloat16 and the kernel lets the process use them.
bool has_tile_product();

/// As unit_product of kBFloat16Pair. Pairs of numbers below the normal range count as zero, as that instruction's do.
void tile_product(int64_t m, int64_t n, int64_t num_units, LeftUnits a, RightUnits b, Accumulate accumulate, float* c,
                  int64_t c_stride);

}  // namespace gigahop::ops::cpu
