/// Sums over ranks of what lies in the memory of GPUs, against sums of the same numbers by hand.
#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "comm/communicator.h"
#include "comm/cuda/gradient_sync.h"
#include "comm/cuda/queue_exchange.h"
#include "comm/device_collectives.h"
#include "comm/traffic.h"
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

/// Byte i of the message from one rank to another.
std::byte byte_of(int64_t i, int from, int to) {
  return static_cast<std::byte>(7 * i + 31 * from + 5 * to);
}

/// From none to some thousands, some pairs without a message; nothing for oneself.
int64_t bytes_between(int from, int to, int repeat) {
  return from == to || (from + to + repeat) % 3 == 0 ? 0 : 1000 * repeat + 10 * from + to;
}

struct Messages {
  std::vector<int64_t> lengths;
  std::vector<std::byte> bytes;

  void add(int64_t length, int from, int to) {
    lengths.push_back(length);
    for (int64_t i = 0; i < length; ++i) bytes.push_back(byte_of(i, from, to));
  }
};

TEST(DeviceExchange, moves_messages_of_any_length_between_all_ranks_and_counts_them) {
  const Communicator comm = Communicator::world();
  const int me = comm.rank();
  for (int repeat = 0; repeat < 4; ++repeat) {
    Messages out;
    Messages in;
    for (int rank = 0; rank < comm.size(); ++rank) {
      out.add(bytes_between(me, rank, repeat), me, rank);
      in.add(bytes_between(rank, me, repeat), rank, me);
    }
    Matrix<std::byte, Cuda> sent = on_device(out.bytes);
    Matrix<std::byte, Cuda> received(1, static_cast<int64_t>(in.bytes.size()));
    Matrix<float, Cuda> values = on_device(numbers<float>(10, me));
    const Traffic before = traffic_of(comm);
    {
      const Phase phase(comm, "features");
      queue_exchange(comm, {sent.data(), out.lengths}, {received.data(), in.lengths},
                     device().communication_stream.get());
    }
    all_reduce_sum(device(), comm, vector_of(values));
    cuda_check(cudaStreamSynchronize(device().communication_stream.get()), "cudaStreamSynchronize");
    EXPECT_EQ(host_copy(device(), vector_of(received)), in.bytes) << repeat;
    EXPECT_EQ(host_copy(device(), vector_of(values)), sums<float>(10, comm.size()));
    int64_t counted = 0;
    for (const PhaseTraffic& phase : traffic_between(before, traffic_of(comm))) {
      if (phase.phase == "features") counted += phase.to_all_ranks().bytes;
    }
    EXPECT_EQ(counted, static_cast<int64_t>(out.bytes.size()));
  }
}

/// The emulation's word for what may hang on GPUs.
TEST(DeviceCollectives, under_way_on_two_communicators_of_nccl_are_refused) {
  const Communicator one = Communicator::world();
  const Communicator other = Communicator::world();
  if (one.size() == 1) GTEST_SKIP() << "a rank alone uses none";
  Matrix<float, Cuda> values = on_device(numbers<float>(10, one.rank()));
  for (const Communicator* comm : {&one, &other}) {  // made with their first sums
    Matrix<float, Cuda> first = on_device(numbers<float>(10, one.rank()));
    all_reduce_sum(device(), *comm, vector_of(first));
    finish_queued(device(), *comm);
  }
  all_reduce_sum(device(), one, vector_of(values));
  EXPECT_THROW(all_reduce_sum(device(), other, vector_of(values)), Error);
  EXPECT_EQ(host_copy(device(), vector_of(values)), sums<float>(10, one.size()));
}

TEST(DeviceOfLocalRank, is_one_of_those_of_the_host) {
  EXPECT_LT(device().device, 4);
}

}  // namespace
}  // namespace gigahop::comm
