/// The forecast against what the model allocates, counted by the allocation functions of this program.
#include "model/memory.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "golden/model_calls.h"
#include "golden/recorded_case.h"

namespace {

std::atomic<int64_t> live_bytes = 0;
std::atomic<int64_t> peak_bytes = 0;

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const int64_t live = live_bytes += static_cast<int64_t>(malloc_usable_size(memory));
  int64_t peak = peak_bytes;
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live)) {
  }
  return memory;
}

void release(void* memory) {
  if (memory != nullptr) live_bytes -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(size_t size) {
  return counted(std::malloc(size == 0 ? 1 : size));
}
void* operator new(size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<size_t>(alignment);
  return counted(std::aligned_alloc(unit, (size / unit + 1) * unit));
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, size_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  release(memory);
}

namespace gigahop::model {
namespace {

constexpr int64_t kNumSeeds = 64;
constexpr int64_t kSampleSize = 20;
constexpr int64_t kNumNodes = 1500;

ModelShape shape_of(Attention attention) {
  return {.attention = attention,
          .feature_width = 48,
          .hidden_width = 32,
          .num_heads = 2,
          .positional_width = 16,
          .num_codewords = 512,
          .num_classes = 7};
}

/// Seed b and its sample: every node of the batch stands in some list.
golden::Batch<Cpu> make_batch() {
  std::vector<int64_t> sequences;
  for (int64_t b = 0; b < kNumSeeds; ++b) {
    for (int64_t k = 0; k < kSampleSize; ++k) sequences.push_back((b + 83 * k * (b + 1)) % kNumNodes);
  }
  golden::Batch<Cpu> batch;
  golden::fill_lists(sequences, kSampleSize, batch);
  batch.tokens.resize(3 * static_cast<int64_t>(batch.node_ids.size()), 48);
  batch.tokens.fill(0.5F);
  batch.positional.resize(kNumSeeds, 16);
  batch.positional.fill(0.25F);
  batch.labels.assign(kNumSeeds, 1);
  return batch;
}

void take_step(LargeGt<Cpu>& model, const golden::Batch<Cpu>& batch, Matrix<float>& gradient, int64_t step) {
  const auto logits = model.forward(batch.input(), Mode::kTrain, step);
  golden::loss_of(model, logits, batch.label_view(), kNumSeeds, gradient);
  model.backward(gradient);
  std::vector<uint16_t> codes(kNumSeeds, 0);
  golden::update_codes(comm::Communicator::world(), model, codes);
}

ModelMemory forecast_of(Attention attention, const golden::Batch<Cpu>& batch, const Cpu& device) {
  return forecast_memory(shape_of(attention), {.num_seeds = kNumSeeds,
                                               .sample_size = kSampleSize,
                                               .num_nodes = static_cast<int64_t>(batch.node_ids.size()),
                                               .num_threads = device.num_threads,
                                               .precision = device.precision});
}

TEST(Memory, forecast_is_what_the_model_holds_after_a_step_and_covers_the_peak) {
  Cpu device;
  const comm::Communicator comm = comm::Communicator::world();
  const golden::Batch<Cpu> batch = make_batch();
  Matrix<float> gradient(kNumSeeds, 7);
  {  // Threads keep the scratch memory of operations from their first step on.
    LargeGt<Cpu> first(device, shape_of(Attention::kFull), RandomKey{1}, comm);
    take_step(first, batch, gradient, 0);
  }
  for (const Attention attention : golden::kAttentions) {
    const ModelMemory forecast = forecast_of(attention, batch, device);
    const int64_t before = live_bytes;
    peak_bytes = before;
    LargeGt<Cpu> model(device, shape_of(attention), RandomKey{1}, comm);
    model.set_histogram(std::vector<int64_t>(512, 3));
    take_step(model, batch, gradient, 0);
    const double held = static_cast<double>(live_bytes - before);
    const auto expected = static_cast<double>(forecast.total_bytes() - forecast.scratch_bytes);
    // Names of parameters and rounding of allocations come on top.
    EXPECT_GT(expected, 0.85 * held) << golden::file_name(attention);
    EXPECT_LT(expected, 1.05 * held) << golden::file_name(attention);
    EXPECT_LT(peak_bytes - before, 1.05 * held + static_cast<double>(forecast.scratch_bytes))
        << golden::file_name(attention);
  }
}

/// On a thread of its own, which has no scratch memory yet.
TEST(Memory, forecast_of_a_first_step_is_its_peak_within_15_per_cent) {
  for (const auto precision : {Precision::kFloat32, Precision::kBFloat16}) {
    std::thread([&] {
      Cpu device{.num_threads = 1, .precision = precision};
      const comm::Communicator comm = comm::Communicator::self();
      const golden::Batch<Cpu> batch = make_batch();
      Matrix<float> gradient(kNumSeeds, 7);
      const int64_t before = live_bytes;
      peak_bytes = before;
      LargeGt<Cpu> model(device, shape_of(Attention::kFull), RandomKey{1}, comm);
      model.set_histogram(std::vector<int64_t>(512, 3));
      take_step(model, batch, gradient, 0);
      const auto peak = static_cast<double>(peak_bytes - before);
      const auto expected = static_cast<double>(forecast_of(Attention::kFull, batch, device).total_bytes());
      EXPECT_GT(expected, 0.95 * peak);
      EXPECT_LT(expected, 1.15 * peak);
    }).join();
  }
}

TEST(Memory, a_model_that_has_seen_its_largest_batch_grows_no_more) {
  Cpu device;
  const comm::Communicator comm = comm::Communicator::world();
  const golden::Batch<Cpu> batch = make_batch();
  Matrix<float> gradient(kNumSeeds, 7);
  LargeGt<Cpu> model(device, shape_of(Attention::kFull), RandomKey{1}, comm);
  model.set_histogram(std::vector<int64_t>(512, 3));
  take_step(model, batch, gradient, 0);
  take_step(model, batch, gradient, 1);
  const int64_t before = live_bytes;
  take_step(model, batch, gradient, 2);
  EXPECT_EQ(live_bytes, before);
}

}  // namespace
}  // namespace gigahop::model
