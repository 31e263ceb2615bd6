/// Matrix products by cuBLASLt, sums in float32. Row-major matrices are column-major ones of their transposes, so that
/// C^T = op(B)^T op(A)^T is what cuBLAS is asked for.
#include "ops/cuda/product.h"

#include <cuda_bf16.h>

#include "base/error.h"
#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/launch.cuh"
#include "ops/linear.h"

namespace gigahop::ops {
namespace {

/// Rows of bfloat16 operands start at multiples of 16 bytes, as tensor cores want them.
constexpr int64_t kRoundedAlignment = 8;

__global__ void round_rows(In<Cuda> x, __nv_bfloat16* y, int64_t stride) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) y[r * stride + c] = __float2bfloat16(x.row(r)[c]);
}

/// x = beta x, and 0 for beta = 0.
__global__ void scale_rows(float beta, InVector<Cuda> bias, Out<Cuda> x) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) {
    const float scaled = beta == 0 ? 0.0F : beta * x.row(r)[c];
    x.row(r)[c] = bias.size == 0 ? scaled : scaled + bias[c];
  }
}

/// An operand as cuBLASLt takes it.
struct Operand {
  const void* data;
  cudaDataType_t type;
  int64_t rows, cols, stride;
};

Operand as_it_is(In<Cuda> x) {
  return {x.data, CUDA_R_32F, x.rows, x.cols, x.stride};
}

Operand rounded(Cuda& dev, CudaScratch& scratch, In<Cuda> x) {
  const int64_t stride = cuda::num_blocks(x.cols, kRoundedAlignment) * kRoundedAlignment;
  auto* y = scratch.take<__nv_bfloat16>(x.rows * stride);
  cuda::launch(dev, cuda::one_warp_each(x.rows), round_rows, x, y, stride);
  return {y, CUDA_R_16BF, x.rows, x.cols, stride};
}

cublasLtMatrixLayoutOpaque_t layout_of(const Operand& x) {
  cublasLtMatrixLayoutOpaque_t layout;
  cuda_check(
      cublasLtMatrixLayoutInit(&layout, x.type, static_cast<uint64_t>(x.cols), static_cast<uint64_t>(x.rows), x.stride),
      "cublasLtMatrixLayoutInit");
  return layout;
}

template <class T>
void set(cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  cuda_check(cublasLtMatmulDescSetAttribute(description, attribute, &value, sizeof value),
             "cublasLtMatmulDescSetAttribute");
}

cublasOperation_t operation(Transpose transpose) {
  return transpose == Transpose::kNo ? CUBLAS_OP_N : CUBLAS_OP_T;
}

void multiply(Cuda& dev, Transpose transpose_a, Transpose transpose_b, float alpha, const Operand& a, const Operand& b,
              float beta, Out<Cuda> c, InVector<Cuda> bias) {
  cublasLtMatmulDescOpaque_t description;
  cuda_check(cublasLtMatmulDescInit(&description, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescInit");
  set(&description, CUBLASLT_MATMUL_DESC_TRANSA, operation(transpose_b));
  set(&description, CUBLASLT_MATMUL_DESC_TRANSB, operation(transpose_a));
  if (bias.size > 0) {
    set(&description, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(&description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.data);
  }
  cublasLtMatrixLayoutOpaque_t b_layout = layout_of(b);
  cublasLtMatrixLayoutOpaque_t a_layout = layout_of(a);
  cublasLtMatrixLayoutOpaque_t c_layout = layout_of(as_it_is(c));
  cuda_check(cublasLtMatmul(dev.products.get(), &description, &alpha, b.data, &b_layout, a.data, &a_layout, &beta,
                            c.data, &c_layout, c.data, &c_layout, nullptr, dev.product_workspace.data(),
                            static_cast<size_t>(dev.product_workspace_bytes), dev.stream.get()),
             "cublasLtMatmul");
}

/// Checks extents. True if nothing is left to multiply.
bool is_settled(Cuda& dev, Transpose transpose_a, Transpose transpose_b, In<Cuda> a, In<Cuda> b, float beta,
                Out<Cuda> c, InVector<Cuda> bias) {
  const int64_t depth = transpose_a == Transpose::kNo ? a.cols : a.rows;
  require((transpose_a == Transpose::kNo ? a.rows : a.cols) == c.rows, "product: op(A) has the rows of C");
  require((transpose_b == Transpose::kNo ? b.cols : b.rows) == c.cols, "product: op(B) has the columns of C");
  require((transpose_b == Transpose::kNo ? b.rows : b.cols) == depth, "product: op(A) and op(B) agree");
  require(bias.size == 0 || bias.size == c.cols, "product: one bias for each column of C");
  if (c.size() == 0) return true;
  if (depth > 0) return false;
  cuda::launch(dev, cuda::one_warp_each(c.rows), scale_rows, beta, bias, c);
  return true;
}

struct Values {
  In<Cuda> x;
  __device__ void operator()(int64_t r, int64_t c, double* terms) const { terms[0] = static_cast<double>(x.row(r)[c]); }
};

}  // namespace

void cuda::rounded_product(Cuda& dev, Transpose transpose_a, Transpose transpose_b, float alpha, In<Cuda> a, In<Cuda> b,
                           float beta, Out<Cuda> c, InVector<Cuda> bias) {
  if (is_settled(dev, transpose_a, transpose_b, a, b, beta, c, bias)) return;
  if (dev.precision == Precision::kFloat32) {
    multiply(dev, transpose_a, transpose_b, alpha, as_it_is(a), as_it_is(b), beta, c, bias);
    return;
  }
  CudaScratch scratch(dev);
  const Operand a_rounded = rounded(dev, scratch, a);
  const Operand b_rounded = rounded(dev, scratch, b);
  multiply(dev, transpose_a, transpose_b, alpha, a_rounded, b_rounded, beta, c, bias);
}

template <>
void product<Cuda>(Cuda& dev, Transpose transpose_a, Transpose transpose_b, float alpha, In<Cuda> a, In<Cuda> b,
                   float beta, Out<Cuda> c) {
  if (is_settled(dev, transpose_a, transpose_b, a, b, beta, c, {})) return;
  multiply(dev, transpose_a, transpose_b, alpha, as_it_is(a), as_it_is(b), beta, c, {});
}

template <>
void linear<Cuda>(Cuda& dev, In<Cuda> x, In<Cuda> weight, InVector<Cuda> bias, Out<Cuda> y) {
  cuda::rounded_product(dev, Transpose::kNo, Transpose::kYes, 1, x, weight, 0, y, bias);
}

template <>
void linear_backward_input<Cuda>(Cuda& dev, In<Cuda> dy, In<Cuda> weight, Write write, Out<Cuda> dx) {
  cuda::rounded_product(dev, Transpose::kNo, Transpose::kNo, 1, dy, weight, write == Write::kAdd ? 1 : 0, dx);
}

template <>
void linear_backward_parameters<Cuda>(Cuda& dev, In<Cuda> dy, In<Cuda> x, Write write, Out<Cuda> dweight,
                                      OutVector<Cuda> dbias) {
  cuda::rounded_product(dev, Transpose::kYes, Transpose::kNo, 1, dy, x, write == Write::kAdd ? 1 : 0, dweight);
  if (dbias.size == 0) return;
  require(dbias.size == dy.cols, "linear_backward_parameters: one bias for each output");
  cuda::sum_columns<1>(dev, dy.rows, dy.cols, Values{dy}, write, cuda::FloatTargets<1>{{dbias.data}});
}

}  // namespace gigahop::ops
