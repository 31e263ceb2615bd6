/// Products in the context's precision, which operations of this folder are made of.
#pragma once

#include "ops/product.h"
#include "tensor/cuda.h"

namespace gigahop::ops::cuda {

/// As ops::product, with operands rounded to bfloat16 where dev.precision says so. bias [n], or empty: added to each
/// row of C.
void rounded_product(Cuda& dev, Transpose transpose_a, Transpose transpose_b, float alpha, In<Cuda> a, In<Cuda> b,
                     float beta, Out<Cuda> c, InVector<Cuda> bias = {});

}  // namespace gigahop::ops::cuda
