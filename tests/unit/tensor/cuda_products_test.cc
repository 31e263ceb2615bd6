/// The library itself is asked, without a GPU: not one process of a run on processors has it in memory.
#include <cublasLt.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace {

bool is_loaded() {
  std::ifstream mapped("/proc/self/maps");
  for (std::string line; std::getline(mapped, line);) {
    if (line.find("libcublasLt") != std::string::npos) return true;
  }
  return false;
}

TEST(CublasLt, is_loaded_when_it_is_first_called) {
  EXPECT_FALSE(is_loaded());
  EXPECT_STREQ(cublasLtGetStatusName(CUBLAS_STATUS_NOT_SUPPORTED), "CUBLAS_STATUS_NOT_SUPPORTED");
  EXPECT_TRUE(is_loaded());
}

TEST(CublasLt, describes_a_product) {
  cublasLtMatmulDescOpaque_t product;
  ASSERT_EQ(cublasLtMatmulDescInit(&product, CUBLAS_COMPUTE_32F, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
  const cublasOperation_t transposed = CUBLAS_OP_T;
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(&product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof(transposed)),
            CUBLAS_STATUS_SUCCESS);
  cublasLtMatrixLayoutOpaque_t layout;
  EXPECT_EQ(cublasLtMatrixLayoutInit(&layout, CUDA_R_32F, 3, 5, 3), CUBLAS_STATUS_SUCCESS);
}

}  // namespace
