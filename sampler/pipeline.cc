#include "sampler/pipeline.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/trace.h"

namespace gigahop::sampler {

struct Pipeline::State {
  State(Loader& batch_loader, std::function<std::optional<BatchRequest>()> request_source, int most_ahead)
      : loader(batch_loader), requests(std::move(request_source)), batches_ahead(most_ahead) {}

  void run();
  void load_until_end();

  Loader& loader;
  std::function<std::optional<BatchRequest>()> requests;
  const int64_t batches_ahead;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<MiniBatch> ready;
  std::exception_ptr failure;
  int64_t num_started = 0;
  int64_t num_taken = 0;
  bool closing = false;
  bool ended = false;
  double waited_seconds = 0;

  std::thread thread;
};

// Batch j is loaded once batch j - batches_ahead has been taken, also while closing. So what is loaded in all depends
// on the number of batches taken alone, and ranks that took the same number end with the same collective.
void Pipeline::State::load_until_end() {
  while (true) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return closing || num_started < num_taken + batches_ahead; });
      if (num_started >= num_taken + batches_ahead) return;
      ++num_started;
    }
    const std::optional<BatchRequest> request = requests();
    if (!request) return;
    MiniBatch batch = loader.load(*request);
    const std::lock_guard lock(mutex);
    if (!closing) ready.push_back(std::move(batch));
    changed.notify_all();
  }
}

void Pipeline::State::run() {
  trace::name_thread("data");
  std::exception_ptr thrown;
  try {
    load_until_end();
  } catch (...) {
    thrown = std::current_exception();
  }
  const std::lock_guard lock(mutex);
  failure = thrown;
  ended = true;
  changed.notify_all();
}

Pipeline::Pipeline(Loader& loader, std::function<std::optional<BatchRequest>()> requests, int batches_ahead)
    : state_(std::make_unique<State>(loader, std::move(requests), batches_ahead)) {
  require(batches_ahead >= 1, "a pipeline works at least one batch ahead");
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Pipeline::~Pipeline() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
    state_->ready.clear();
    state_->changed.notify_all();
  }
  state_->thread.join();
}

std::optional<MiniBatch> Pipeline::next() {
  const trace::Span span("wait", -1, trace::Span::Kind::kWait);
  const auto began = std::chrono::steady_clock::now();
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return !state_->ready.empty() || state_->ended; });
  state_->waited_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (state_->ready.empty()) {
    if (state_->failure) std::rethrow_exception(state_->failure);
    return std::nullopt;
  }
  std::optional<MiniBatch> batch = std::move(state_->ready.front());
  state_->ready.pop_front();
  ++state_->num_taken;
  state_->changed.notify_all();
  return batch;
}

double Pipeline::waited_seconds() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waited_seconds;
}

}  // namespace gigahop::sampler
