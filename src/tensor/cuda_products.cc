/// cuBLASLt, loaded when a GPU is first used: the functions of it that are called here, handed on to the library.
///
/// A program that is linked with the library itself loads it at every start: 85 MB of memory of each process for its
/// constructors alone, also where no GPU takes part. A function that is called and missing here is an error of the
/// linker. Error{kDevice} where the library is not there.
#include <cublasLt.h>
#include <dlfcn.h>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop {
namespace {

void* library() {
  static void* const handle = [] {
    void* opened = dlopen(GIGAHOP_CUBLAS_LT, RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) throw Error(ErrorKind::kDevice, fmt::format("cannot load cuBLASLt: {}", dlerror()));
    return opened;
  }();
  return handle;
}

template <class Function>
Function* find(const char* name) {
  void* function = dlsym(library(), name);
  if (function == nullptr) throw Error(ErrorKind::kDevice, fmt::format("{}: no function {}", GIGAHOP_CUBLAS_LT, name));
  return reinterpret_cast<Function*>(function);
}

}  // namespace
}  // namespace gigahop

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  static auto* const run = gigahop::find<decltype(cublasLtCreate)>(__func__);
  return run(handle);
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  static auto* const run = gigahop::find<decltype(cublasLtDestroy)>(__func__);
  return run(handle);
}

const char* cublasLtGetStatusName(cublasStatus_t status) {
  static auto* const run = gigahop::find<decltype(cublasLtGetStatusName)>(__func__);
  return run(status);
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t product, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
  static auto* const run = gigahop::find<decltype(cublasLtMatmul)>(__func__);
  return run(handle, product, alpha, a, a_layout, b, b_layout, beta, c, c_layout, d, d_layout, algorithm, workspace,
             workspace_bytes, stream);
}

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t product, size_t size, cublasComputeType_t compute,
                                               cudaDataType_t scale) {
  static auto* const run = gigahop::find<decltype(cublasLtMatmulDescInit_internal)>(__func__);
  return run(product, size, compute, scale);
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t size) {
  static auto* const run = gigahop::find<decltype(cublasLtMatmulDescSetAttribute)>(__func__);
  return run(product, attribute, value, size);
}

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t size, cudaDataType type,
                                                 uint64_t rows, uint64_t columns, int64_t leading) {
  static auto* const run = gigahop::find<decltype(cublasLtMatrixLayoutInit_internal)>(__func__);
  return run(layout, size, type, rows, columns, leading);
}

}  // extern "C"
