#include "ops/cpu/sgemm.h"

#include <omp.h>

#include <dnnl.h>

#include "base/error.h"

namespace gigahop::ops::cpu {
namespace {

/// oneDNN starts omp_get_max_threads() threads unless it is called in a parallel region; this keeps it to one.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = omp_get_max_threads();
};

char letter(Transpose transpose) {
  return transpose == Transpose::kNo ? 'N' : 'T';
}

}  // namespace

void sgemm(int64_t m, int64_t n, int64_t k, float alpha, Operand a, Operand b, float beta, float* c, int64_t c_stride) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (int64_t r = 0; r < m; ++r) {
      for (int64_t j = 0; j < n; ++j) c[r * c_stride + j] = beta == 0 ? 0 : beta * c[r * c_stride + j];
    }
    return;
  }
  const OneThread guard;
  const dnnl_status_t status = dnnl_sgemm(letter(a.transpose), letter(b.transpose), m, n, k, alpha, a.data, a.stride,
                                          b.data, b.stride, beta, c, c_stride);
  require(status == dnnl_success, "dnnl_sgemm succeeds");
}

}  // namespace gigahop::ops::cpu
