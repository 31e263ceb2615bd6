/// The CUDA context: memory, scratch memory, and what its errors say.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "emulation/kernels/faulty.h"
#include "tensor/cuda_buffer.h"

namespace gigahop {
namespace {

const CudaOptions kSmall = {.scratch_bytes = 4096, .product_workspace_bytes = 0};

/// The message of the Error{kDevice} that run() throws.
template <class Run>
std::string device_error_of(const Run& run) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kDevice);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(CudaContext, copies_to_the_device_and_back) {
  Cuda dev(kSmall);
  Matrix<int32_t, Cuda> matrix(2, 3);
  const std::vector<int32_t> values = {1, 2, 3, 4, 5, 6};
  std::vector<int32_t> found(6);
  copy_to_device<int32_t>(dev, values, matrix.data());
  copy_to_host<int32_t>(dev, matrix.data(), found);
  EXPECT_EQ(found, values);
}

TEST(CudaContext, gives_scratch_memory_back_at_the_end_of_a_scope) {
  Cuda dev(kSmall);
  const float* first = nullptr;
  for (int i = 0; i < 3; ++i) {
    CudaScratch scratch(dev);
    const auto* mine = scratch.take<float>(700);
    if (i == 0) first = mine;
    EXPECT_EQ(mine, first);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(scratch.take<double>(1)) % 256, 0U);
  }
  EXPECT_EQ(dev.scratch.left(), 4096);
}

TEST(CudaContext, says_how_much_scratch_memory_is_missing) {
  Cuda dev(kSmall);
  CudaScratch scratch(dev);
  EXPECT_EQ(device_error_of([&] { scratch.take<float>(2000); }),
            "CUDA device 0: an operation needs 8192 bytes of scratch memory, 4096 of 4096 are left");
}

TEST(CudaContext, says_how_much_memory_is_missing) {
  const std::string message = device_error_of([] { CudaMemory(int64_t{1} << 50); });
  EXPECT_TRUE(message.starts_with("CUDA device 0: out of memory: 1125899906842624 bytes are needed, ")) << message;
  EXPECT_TRUE(message.ends_with(" of 4294967296 are free")) << message;
}

TEST(CudaContext, wants_a_device_for_each_rank_of_a_host) {
  EXPECT_EQ(device_of_local_rank(0), 0);
  EXPECT_EQ(device_error_of([] { device_of_local_rank(1); }),
            "expected a CUDA device for each rank on this host, at least 2, found 1; start fewer ranks on it");
  EXPECT_EQ(device_error_of([] { Cuda({.device = 3}); }),
            "CUDA device 0: cudaSetDevice: cudaErrorInvalidDevice (cudaErrorInvalidDevice)");
}

/// In a process of its own, for nothing works after a kernel failed.
TEST(CudaContextDeathTest, reports_a_kernel_that_failed_at_the_next_synchronisation) {
  const auto run = [] {
    Cuda dev(kSmall);
    Matrix<float, Cuda> values(1, 256);
    copy_to_device<float>(dev, std::vector<float>(256), values.data());
    static_cast<void>(
        emulation::testing::launch_fault(emulation::testing::Fault::kTrap, values.data(), dev.stream.get()));
    const std::string message = device_error_of([&] { synchronise(dev); });
    std::_Exit(message == "CUDA device 0: cudaStreamSynchronize: cudaErrorLaunchFailure (cudaErrorLaunchFailure)" ? 0
                                                                                                                  : 1);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "__trap");
}

}  // namespace
}  // namespace gigahop
