/// Sums over ranks of what lies in the memory of GPUs, against sums of the same numbers by hand.
#include <gtest/gtest.h>

#include <vector>

#include "comm/communicator.h"
#include "comm/cuda/gradient_sync.h"
#include "comm/device_collectives.h"
#include "tensor/cuda_buffer.h"
#include "tensor/host_copy.h"

namespace gigahop::comm {
namespace {

Cuda& device() {
  static Cuda dev({.device = device_of_local_rank(Communicator::world().rank_on_host()),
                   .scratch_bytes = 4096,
                   .product_workspace_bytes = 4096});
  return dev;
}

template <class T>
Matrix<T, Cuda> on_device(const std::vector<T>& values) {
  Matrix<T, Cuda> matrix(1, static_cast<int64_t>(values.size()));
  copy_to_device<T>(device(), values, matrix.data());
  return matrix;
}

template <class T>
VectorView<T, Cuda> vector_of(Matrix<T, Cuda>& matrix) {
  return {matrix.data(), matrix.cols()};
}

/// Element i of rank r is i + r: small integers, whose sums are exact.
template <class T>
std::vector<T> numbers(int64_t count, int rank) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<T>(i + rank));
  return values;
}

template <class T>
std::vector<T> sums(int64_t count, int num_ranks) {
  std::vector<T> values(static_cast<size_t>(count));
  for (int rank = 0; rank < num_ranks; ++rank) {
    for (size_t i = 0; i < values.size(); ++i) values[i] += numbers<T>(count, rank)[i];
  }
  return values;
}

template <class T>
void expect_sums() {
  const Communicator comm = Communicator::world();
  for (const int64_t count : {0, 1, 10, 1000}) {
    Matrix<T, Cuda> values = on_device(numbers<T>(count, comm.rank()));
    all_reduce_sum(device(), comm, vector_of(values));
    finish_queued(device(), comm);
    EXPECT_EQ(host_copy(device(), vector_of(values)), sums<T>(count, comm.size())) << count << " numbers";
  }
}

TEST(DeviceCollectives, sum_floats_and_doubles_over_ranks) {
  expect_sums<float>();
  expect_sums<double>();
}

TEST(DeviceCollectives, on_a_rank_alone_change_nothing) {
  const Communicator self = Communicator::self();
  Matrix<float, Cuda> values = on_device(numbers<float>(10, 3));
  all_reduce_sum(device(), self, vector_of(values));
  EXPECT_EQ(host_copy(device(), vector_of(values)), numbers<float>(10, 3));
}

TEST(DeviceGradientSync, sums_each_bucket_between_what_was_queued_before_it_and_after_finish) {
  const Communicator comm = Communicator::world();
  GradientSync<Cuda> sync(device(), comm);
  constexpr int64_t kBucket = 100;
  for (int repeat = 0; repeat < 3; ++repeat) {
    Matrix<float, Cuda> gradients(1, 3 * kBucket);
    Matrix<float, Cuda> sources[] = {on_device(numbers<float>(kBucket, comm.rank())),
                                     on_device(numbers<float>(kBucket, comm.rank() + 1)),
                                     on_device(numbers<float>(kBucket, comm.rank() + 2))};
    Matrix<double, Cuda> statistics = on_device(numbers<double>(5, comm.rank()));
    for (int64_t bucket = 0; bucket < 3; ++bucket) {
      float* const target = gradients.data() + bucket * kBucket;
      cuda_check(cudaMemcpyAsync(target, sources[bucket].data(), kBucket * sizeof(float), cudaMemcpyDeviceToDevice,
                                 device().stream.get()),
                 "cudaMemcpyAsync");
      sync.start({target, kBucket});
      all_reduce_sum(device(), comm, vector_of(statistics));
    }
    sync.finish();
    const std::vector<float> found = host_copy(device(), vector_of(gradients));
    for (int64_t i = 0; i < 3 * kBucket; ++i) {
      const auto expected = sums<float>(kBucket, comm.size())[static_cast<size_t>(i % kBucket)];
      EXPECT_EQ(found[static_cast<size_t>(i)], expected + static_cast<float>(i / kBucket * comm.size()));
    }
    std::vector<double> thrice = sums<double>(5, comm.size());
    for (double& sum : thrice) sum *= comm.size() * comm.size();
    EXPECT_EQ(host_copy(device(), vector_of(statistics)), thrice);
  }
}

TEST(DeviceOfLocalRank, is_one_of_those_of_the_host) {
  EXPECT_LT(device().device, 4);
}

}  // namespace
}  // namespace gigahop::comm
