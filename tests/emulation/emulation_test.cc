/// What the emulation must find, and what it must let pass. Each case runs in a process of its own: a failed kernel
/// ends all device work of its process, and settings are read once.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include <sys/wait.h>

#include <cuda_runtime_api.h>

#include "emulation/kernels/faulty.h"

namespace emulation::testing {
namespace {

constexpr int kSize = 256;
constexpr size_t kBytes = kSize * sizeof(float);
using Values = std::array<float, kSize>;
using Settings = std::map<std::string, std::string>;

void use(const Settings& settings) {
  for (const auto& [name, value] : settings) setenv(name.c_str(), value.c_str(), 1);
}

cudaStream_t new_stream() {
  cudaStream_t stream = nullptr;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  return stream;
}

/// 256 zeros on the device.
float* new_values(cudaStream_t stream) {
  void* values = nullptr;
  cudaMalloc(&values, kBytes);
  cudaMemsetAsync(values, 0, kBytes, stream);
  return static_cast<float*>(values);
}

Values read(const float* values, cudaStream_t stream) {
  Values result{};
  cudaMemcpyAsync(result.data(), values, kBytes, cudaMemcpyDeviceToHost, stream);
  cudaStreamSynchronize(stream);
  return result;
}

/// Exits with the error of the stream after the kernel.
void run_to_error(Fault fault) {
  cudaStream_t stream = new_stream();
  launch_fault(fault, new_values(stream), stream);
  std::exit(static_cast<int>(cudaStreamSynchronize(stream)) % 256);
}

/// Exits with 0 if every value is as claimed, 1 otherwise.
void run_to_values(const Settings& settings, Fault fault, const std::function<float(int)>& expected) {
  use(settings);
  cudaStream_t stream = new_stream();
  float* values = new_values(stream);
  launch_fault(fault, values, stream);
  const Values found = read(values, stream);
  bool equal = true;
  for (int i = 0; i < kSize; ++i) equal = equal && found[i] == expected(i);
  std::exit(equal ? 0 : 1);
}

constexpr int kLaunchFailure = static_cast<int>(cudaErrorLaunchFailure) % 256;

void expect_found(Fault fault, const char* message) {
  EXPECT_EXIT(run_to_error(fault), ::testing::ExitedWithCode(kLaunchFailure), message);
}

TEST(EmulationDeathTest, finds_threads_that_meet_at_no_common_barrier) {
  expect_found(Fault::kBarrierInBranch, "a thread ended while others wait|after a thread of the block ended");
  expect_found(Fault::kReturnBeforeBarrier, "a thread ended while others wait|after a thread of the block ended");
  expect_found(Fault::kTwoBarriers, "divergent barriers: .*faulty.cu:[0-9]+ and .*faulty.cu:[0-9]+");
}

TEST(EmulationDeathTest, finds_warp_operations_that_lanes_do_not_share) {
  expect_found(Fault::kShuffleInBranch, "a shuffle reads lane .* which takes no part|deadlock");
  expect_found(Fault::kTwoShuffles, "divergent warp operations on overlapping masks");
  expect_found(Fault::kShuffleOutsideMask, "a shuffle reads lane 20, which takes no part");
  expect_found(Fault::kLaneNotInItsMask, "a lane is not in its own mask");
}

TEST(EmulationDeathTest, finds_misaligned_loads_and_traps) {
  expect_found(Fault::kMisalignedLoad, "misaligned address at .*faulty.cu");
  expect_found(Fault::kTrap, "__trap at .*faulty.cu");
}

const Settings kOrders[] = {
    {{"EMULATION_ORDER", "forward"}}, {{"EMULATION_ORDER", "reverse"}}, {{"EMULATION_ORDER", "random"}}};

/// Also with the code of ThreadSanitizer, which sees the races themselves.
bool exited_in_failure(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

void expect_wrong_in_every_order(Fault fault, const std::function<float(int)>& expected) {
  for (const Settings& order : kOrders) {
    EXPECT_EXIT(run_to_values(order, fault, expected), exited_in_failure, "");
  }
}

TEST(EmulationDeathTest, makes_missing_barriers_and_unwritten_shared_memory_show_in_every_order) {
  expect_wrong_in_every_order(Fault::kMissingBarrier, [](int i) { return static_cast<float>(kSize - 1 - i); });
  expect_wrong_in_every_order(Fault::kMissingWarpBarrier, [](int i) { return static_cast<float>(i ^ 31); });
  expect_wrong_in_every_order(Fault::kSharedNotWritten, [](int i) { return i == 0 ? 1.0F : 0.0F; });
}

#if defined(__SANITIZE_ADDRESS__)
TEST(EmulationDeathTest, lets_the_sanitizer_see_what_is_out_of_bounds) {
  EXPECT_DEATH(run_to_error(Fault::kBeyondArray), "AddressSanitizer: heap-buffer-overflow");
  EXPECT_DEATH(run_to_error(Fault::kBeyondDynamicShared), "AddressSanitizer: use-after-poison");
}
#endif

TEST(EmulationDeathTest, lets_right_kernels_pass_in_every_order) {
  for (Settings settings : kOrders) {
    settings["EMULATION_STREAMS"] = "lazy";
    settings["EMULATION_PROTECT"] = "1";
    const auto expect = [&](Fault fault, const std::function<float(int)>& expected) {
      EXPECT_EXIT(run_to_values(settings, fault, expected), ::testing::ExitedWithCode(0), "");
    };
    expect(Fault::kHalfWarps, [](int) { return 16.0F; });
    expect(Fault::kWarpSum, [](int) { return 32.0F; });
    expect(Fault::kSpinLock, [](int i) { return i == 1 ? 256.0F : 0.0F; });
    expect(Fault::kVotes, [](int) { return 40000.0F + 3200.0F + 7.0F; });
    expect(Fault::kStoreIndex, [](int i) { return static_cast<float>(i); });
  }
}

TEST(EmulationDeathTest, refuses_every_call_after_a_kernel_failed) {
  const auto run = [] {
    cudaStream_t stream = new_stream();
    float* values = new_values(stream);
    launch_fault(Fault::kTrap, values, stream);
    std::exit(launch_fault(Fault::kAddOne, values, stream) == cudaErrorLaunchFailure ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "__trap");
}

/// A kernel on one stream, a copy of its result on another, with or without an event between them.
void run_two_streams(bool with_event) {
  use({{"EMULATION_STREAMS", "lazy"}});
  cudaStream_t first = new_stream();
  cudaStream_t second = new_stream();
  float* source = new_values(first);
  float* target = new_values(first);
  cudaStreamSynchronize(first);
  launch_fault(Fault::kAddOne, source, first);
  if (with_event) {
    cudaEvent_t event = nullptr;
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    cudaEventRecord(event, first);
    cudaStreamWaitEvent(second, event, 0);
  }
  launch_copy(source, target, second);
  std::exit(read(target, second)[0] == 1 ? 0 : 1);
}

TEST(EmulationDeathTest, runs_streams_as_late_as_waits_allow) {
  EXPECT_EXIT(run_two_streams(true), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(run_two_streams(false), ::testing::ExitedWithCode(1), "");
}

void read_without_synchronising() {
  use({{"EMULATION_STREAMS", "lazy"}});
  cudaStream_t stream = new_stream();
  float* values = new_values(stream);
  launch_fault(Fault::kAddOne, values, stream);
  float value = -5;
  cudaMemcpyAsync(&value, values, sizeof value, cudaMemcpyDeviceToHost, stream);
  std::_Exit(value == 1 ? 0 : 1);
}

TEST(EmulationDeathTest, makes_a_missing_synchronisation_show) {
  EXPECT_EXIT(read_without_synchronising(), ::testing::ExitedWithCode(1), "");
}

void touch_device_memory() {
  use({{"EMULATION_PROTECT", "1"}});
  cudaStream_t stream = new_stream();
  const volatile float* values = new_values(stream);
  std::exit(values[0] == 0 ? 0 : 1);
}

TEST(EmulationDeathTest, does_not_let_the_host_touch_device_memory) {
  EXPECT_DEATH(touch_device_memory(), "");
}

TEST(EmulationDeathTest, refuses_copies_of_the_wrong_kind_or_past_an_allocation) {
  const auto run = [] {
    cudaStream_t stream = new_stream();
    float* values = new_values(stream);
    Values host{};
    const bool refused =
        cudaMemcpyAsync(values, values, kBytes, cudaMemcpyHostToDevice, stream) == cudaErrorInvalidValue &&
        cudaMemcpyAsync(values + 1, host.data(), kBytes, cudaMemcpyHostToDevice, stream) == cudaErrorInvalidValue &&
        cudaMemsetAsync(host.data(), 0, kBytes, stream) == cudaErrorInvalidValue &&
        cudaMemsetAsync(values, 0, kBytes, nullptr) == cudaErrorInvalidResourceHandle;
    std::exit(refused ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

TEST(EmulationDeathTest, refuses_launches_that_a_device_refuses) {
  const auto run = [] {
    cudaStream_t stream = new_stream();
    float* values = new_values(stream);
    bool right = launch_with(1056, 0, values, stream) == cudaErrorInvalidConfiguration &&
                 launch_with(0, 0, values, stream) == cudaErrorInvalidConfiguration &&
                 launch_with(256, 49 << 10, values, stream) == cudaErrorInvalidValue &&
                 allow_dynamic_shared(300 << 10) == cudaErrorInvalidValue;
    right = right && allow_dynamic_shared(200 << 10) == cudaSuccess &&
            launch_with(256, 200 << 10, values, stream) == cudaSuccess && read(values, stream)[255] == 1;
    std::exit(right ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

TEST(EmulationDeathTest, says_when_memory_is_used_up_and_fills_what_it_gives) {
  const auto run = [] {
    use({{"EMULATION_MEMORY_BYTES", "1048576"}});
    cudaStream_t stream = new_stream();
    void* memory = nullptr;
    void* more = nullptr;
    const bool right = cudaMalloc(&memory, size_t{1} << 20) == cudaSuccess &&
                       cudaMalloc(&more, 1) == cudaErrorMemoryAllocation &&
                       std::isnan(read(static_cast<float*>(memory), stream)[17]) && cudaFree(memory) == cudaSuccess &&
                       cudaMalloc(&more, 1) == cudaSuccess;
    std::exit(right ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace emulation::testing
