/// In the place of oneDNN's header, for machines without it: the one function that src/ops/cpu calls, as three loops.
/// The tests of operations compare with the CPU; how fast it is does not matter here.
#pragma once

#include <cstdint>

enum dnnl_status_t { dnnl_success };

/// C [m, n] = alpha op(A) op(B) + beta C, row-major.
inline dnnl_status_t dnnl_sgemm(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                                const float* a, int64_t a_stride, const float* b, int64_t b_stride, float beta,
                                float* c, int64_t c_stride) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (int64_t l = 0; l < k; ++l) {
        const float a_value = transpose_a == 'N' ? a[i * a_stride + l] : a[l * a_stride + i];
        sum += a_value * (transpose_b == 'N' ? b[l * b_stride + j] : b[j * b_stride + l]);
      }
      float& target = c[i * c_stride + j];
      target = alpha * sum + (beta == 0 ? 0 : beta * target);
    }
  }
  return dnnl_success;
}
