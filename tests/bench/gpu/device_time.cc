#include "device_time.h"

#include <memory>
#include <vector>

#include "base/random.h"
#include "tensor/cuda_buffer.h"

namespace gigahop::bench {
namespace {

/// A point in a stream's work that knows when it was reached.
class TimedEvent {
 public:
  TimedEvent() {
    cudaEvent_t event = nullptr;
    cuda_check(cudaEventCreateWithFlags(&event, cudaEventDefault), "cudaEventCreateWithFlags");
    event_.reset(event);
  }
  void record(Cuda& dev) { cuda_check(cudaEventRecord(event_.get(), dev.stream.get()), "cudaEventRecord"); }
  double seconds_since(const TimedEvent& start) const {
    float milliseconds = 0;
    cuda_check(cudaEventElapsedTime(&milliseconds, start.event_.get(), event_.get()), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  struct Close {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
  };
  std::unique_ptr<CUevent_st, Close> event_;
};

/// Random numbers of both signs between 1 and 2 in size: zeros would let the device run faster. Their upper halves are
/// bfloat16 numbers of the same kind.
Buffer<uint32_t, Cuda> random_floats(Cuda& dev, int64_t count) {
  std::vector<uint32_t> words;
  words.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    words.push_back((random_words({1}, Purpose::kTest, 0, static_cast<uint64_t>(i), 0)[0] & 0x807f007fU) | 0x3f803f80U);
  }
  Buffer<uint32_t, Cuda> buffer(count);
  copy_to_device<uint32_t>(dev, words, buffer.data());
  return buffer;
}

double product_rate(Cuda& dev, int repeats, int64_t size, cudaDataType_t type) {
  const int64_t elements_of_word = type == CUDA_R_16BF ? 2 : 1;
  const Buffer<uint32_t, Cuda> a = random_floats(dev, size * size / elements_of_word);
  const Buffer<uint32_t, Cuda> b = random_floats(dev, size * size / elements_of_word);
  Buffer<float, Cuda> c(size * size);
  cublasLtMatmulDescOpaque_t description;
  cuda_check(cublasLtMatmulDescInit(&description, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescInit");
  cublasLtMatrixLayoutOpaque_t operand;
  cublasLtMatrixLayoutOpaque_t result;
  const auto extent = static_cast<uint64_t>(size);
  cuda_check(cublasLtMatrixLayoutInit(&operand, type, extent, extent, size), "cublasLtMatrixLayoutInit");
  cuda_check(cublasLtMatrixLayoutInit(&result, CUDA_R_32F, extent, extent, size), "cublasLtMatrixLayoutInit");
  const float one = 1;
  const float zero = 0;
  const double seconds = device_seconds(dev, repeats, [&] {
    cuda_check(cublasLtMatmul(dev.products.get(), &description, &one, a.data(), &operand, b.data(), &operand, &zero,
                              c.data(), &result, c.data(), &result, nullptr, dev.product_workspace.data(),
                              static_cast<size_t>(dev.product_workspace_bytes), dev.stream.get()),
               "cublasLtMatmul");
  });
  const auto n = static_cast<double>(size);
  return 2 * n * n * n / seconds;
}

}  // namespace

double device_seconds(Cuda& dev, int repeats, const std::function<void()>& run) {
  TimedEvent start;
  TimedEvent end;
  run();
  start.record(dev);
  for (int i = 0; i < repeats; ++i) run();
  end.record(dev);
  synchronise(dev);
  return end.seconds_since(start) / repeats;
}

Ceilings measure_ceilings(Cuda& dev, int repeats, int64_t copy_bytes, int64_t product_size) {
  Ceilings ceilings;
  {
    const CudaMemory source(copy_bytes);
    const CudaMemory target(copy_bytes);
    const auto bytes = static_cast<size_t>(copy_bytes);
    const double seconds = device_seconds(dev, repeats, [&] {
      cuda_check(cudaMemcpyAsync(target.data(), source.data(), bytes, cudaMemcpyDeviceToDevice, dev.stream.get()),
                 "cudaMemcpyAsync");
    });
    ceilings.copy_bytes = 2 * static_cast<double>(copy_bytes) / seconds;
  }
  ceilings.rounded_operations = product_rate(dev, repeats, product_size, CUDA_R_16BF);
  ceilings.float_operations = product_rate(dev, repeats, product_size, CUDA_R_32F);
  return ceilings;
}

}  // namespace gigahop::bench
