#include "comm/gradient_sync.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "base/trace.h"
#include "comm/collectives.h"
#include "comm/traffic.h"

namespace gigahop::comm {

struct GradientSync<Cpu>::State {
  struct Bucket {
    VectorView<float, Cpu> values;
    std::string phase;
  };

  explicit State(const Communicator& parent) : comm(parent.duplicate()), thread([this] { run(); }) {}

  ~State() {
    {
      const std::lock_guard lock(mutex);
      is_over = true;
    }
    changed.notify_all();
    thread.join();
  }

  void run() {
    trace::name_thread("gradients");
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return is_over || !buckets.empty(); });
      if (buckets.empty()) return;
      const Bucket bucket = buckets.front();
      if (failure == nullptr) {
        lock.unlock();
        const std::exception_ptr thrown = sum(bucket);
        lock.lock();
        failure = thrown;
      }
      buckets.pop_front();
      changed.notify_all();
    }
  }

  std::exception_ptr sum(const Bucket& bucket) {
    try {
      const trace::Span span("sum over ranks");
      const Phase phase(comm, bucket.phase);
      all_reduce_sum(comm, std::span(bucket.values.data, static_cast<size_t>(bucket.values.size)));
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  Communicator comm;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Bucket> buckets;  // the first is under way
  bool is_over = false;
  std::exception_ptr failure;
  double waited_seconds = 0;
  std::thread thread;  // last: it uses all of the others
};

GradientSync<Cpu>::GradientSync(Cpu&, const Communicator& comm) {
  if (comm.size() > 1) state_ = std::make_unique<State>(comm);
}

GradientSync<Cpu>::~GradientSync() = default;

void GradientSync<Cpu>::start(VectorView<float, Cpu> bucket, std::string_view phase) {
  if (state_ == nullptr || bucket.size == 0) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->buckets.push_back({bucket, std::string(phase)});
  }
  state_->changed.notify_all();
}

void GradientSync<Cpu>::finish() {
  if (state_ == nullptr) return;
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->buckets.empty(); });
  state_->waited_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (state_->failure != nullptr) std::rethrow_exception(std::exchange(state_->failure, nullptr));
}

double GradientSync<Cpu>::waited_seconds() const {
  return state_ == nullptr ? 0 : state_->waited_seconds;
}

}  // namespace gigahop::comm
