/// The calls of cuBLASLt that the project makes, on oneDNN's float32 product.
///
/// bfloat16 operands are widened, sums are float32, a bfloat16 result is rounded once. Layouts are column-major. What
/// depends on the GPU (algorithms, their workspace, tensor cores, TF32) is not modelled.
#include <cublasLt.h>
#include <cuda_bf16.h>
#include <dnnl.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "emulation/launch.h"

namespace {

/// Behind the toolkit's opaque descriptors.
struct Description {
  cublasOperation_t transpose_a = CUBLAS_OP_N;
  cublasOperation_t transpose_b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float* bias = nullptr;
};

struct Layout {
  cudaDataType_t type = CUDA_R_32F;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;  // between columns
};

static_assert(sizeof(Description) <= sizeof(cublasLtMatmulDescOpaque_t));
static_assert(sizeof(Layout) <= sizeof(cublasLtMatrixLayoutOpaque_t));

Description& contents(cublasLtMatmulDesc_t description) {
  return *reinterpret_cast<Description*>(description);
}

Layout& contents(cublasLtMatrixLayout_t layout) {
  return *reinterpret_cast<Layout*>(layout);
}

struct Product {
  Description description;
  float alpha = 0;
  float beta = 0;
  const void* a = nullptr;
  const void* b = nullptr;
  float* c = nullptr;
  Layout a_layout, b_layout, c_layout;
};

/// The matrix as floats without padding.
std::vector<float> widen(const void* data, const Layout& layout) {
  std::vector<float> result(layout.rows * layout.cols);
  for (int64_t col = 0; col < layout.cols; ++col) {
    for (int64_t row = 0; row < layout.rows; ++row) {
      const int64_t i = col * layout.stride + row;
      result[col * layout.rows + row] = layout.type == CUDA_R_32F
                                            ? static_cast<const float*>(data)[i]
                                            : __bfloat162float(static_cast<const __nv_bfloat16*>(data)[i]);
    }
  }
  return result;
}

char letter(cublasOperation_t transpose) {
  return transpose == CUBLAS_OP_N ? 'N' : 'T';
}

/// A column-major product is the row-major one of the transposes, in the other order.
void multiply(const Product& p) {
  const std::vector<float> a = widen(p.a, p.a_layout);
  const std::vector<float> b = widen(p.b, p.b_layout);
  const int64_t depth = p.description.transpose_a == CUBLAS_OP_N ? p.a_layout.cols : p.a_layout.rows;
  dnnl_sgemm(letter(p.description.transpose_b), letter(p.description.transpose_a), p.c_layout.cols, p.c_layout.rows,
             depth, p.alpha, b.data(), p.b_layout.rows, a.data(), p.a_layout.rows, p.beta, p.c, p.c_layout.stride);
  if (p.description.epilogue != CUBLASLT_EPILOGUE_BIAS) return;
  for (int64_t col = 0; col < p.c_layout.cols; ++col) {
    for (int64_t row = 0; row < p.c_layout.rows; ++row) p.c[col * p.c_layout.stride + row] += p.description.bias[row];
  }
}

bool is_valid(const Product& p) {
  const auto rows = [](const Layout& x, cublasOperation_t t) { return t == CUBLAS_OP_N ? x.rows : x.cols; };
  const auto cols = [](const Layout& x, cublasOperation_t t) { return t == CUBLAS_OP_N ? x.cols : x.rows; };
  const auto padded = [](const Layout& x) { return x.rows > 0 && x.cols > 0 && x.stride >= x.rows; };
  return padded(p.a_layout) && padded(p.b_layout) && padded(p.c_layout) && p.a_layout.type == p.b_layout.type &&
         p.c_layout.type == CUDA_R_32F && rows(p.a_layout, p.description.transpose_a) == p.c_layout.rows &&
         cols(p.b_layout, p.description.transpose_b) == p.c_layout.cols &&
         cols(p.a_layout, p.description.transpose_a) == rows(p.b_layout, p.description.transpose_b);
}

}  // namespace

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new char);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<char*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

const char* cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    default:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
  }
}

/// What the toolkit's inline cublasLtMatmulDescInit calls.
cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t description, size_t, cublasComputeType_t compute,
                                               cudaDataType_t scale_type) {
  if (compute != CUBLAS_COMPUTE_32F || scale_type != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  contents(description) = {};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              size_t size) {
  Description& target = contents(description);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      std::memcpy(&target.transpose_a, value, size);
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_MATMUL_DESC_TRANSB:
      std::memcpy(&target.transpose_b, value, size);
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      std::memcpy(&target.epilogue, value, size);
      return target.epilogue == CUBLASLT_EPILOGUE_DEFAULT || target.epilogue == CUBLASLT_EPILOGUE_BIAS
                 ? CUBLAS_STATUS_SUCCESS
                 : CUBLAS_STATUS_NOT_SUPPORTED;
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      std::memcpy(&target.bias, value, size);
      return CUBLAS_STATUS_SUCCESS;
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

/// What the toolkit's inline cublasLtMatrixLayoutInit calls.
cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t, cudaDataType_t type,
                                                 uint64_t rows, uint64_t cols, int64_t stride) {
  if (type != CUDA_R_32F && type != CUDA_R_16BF) return CUBLAS_STATUS_NOT_SUPPORTED;
  contents(layout) = {type, static_cast<int64_t>(rows), static_cast<int64_t>(cols), stride};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t description, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t, const cublasLtMatmulAlgo_t*, void*, size_t, cudaStream_t stream) {
  if (c != d) return CUBLAS_STATUS_NOT_SUPPORTED;
  const Product product = {contents(description),
                           *static_cast<const float*>(alpha),
                           *static_cast<const float*>(beta),
                           a,
                           b,
                           static_cast<float*>(d),
                           contents(a_layout),
                           contents(b_layout),
                           contents(c_layout)};
  if (!is_valid(product)) return CUBLAS_STATUS_INVALID_VALUE;
  const cudaError_t error = emulation::submit(stream, [product] { multiply(product); });
  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
}
