#include "base/trace.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

#include <fmt/format.h>

#include "base/activity.h"

namespace gigahop::trace {
namespace {

using Clock = std::chrono::steady_clock;

struct State {
  std::atomic<bool> is_on = false;
  Clock::time_point zero;
  std::vector<Event> events;
  std::atomic<int64_t> num_ended = 0;
  std::mutex mutex;
  std::vector<std::string> threads;
};

std::atomic<const char*> main_work = nullptr;

bool is_main_thread() {
  thread_local const bool is_main = this_thread_id() == ::getpid();
  return is_main;
}

State& state() {
  static State instance;
  return instance;
}

int32_t add_thread() {
  const std::lock_guard lock(state().mutex);
  const size_t thread = state().threads.size();
  state().threads.push_back(fmt::format("thread {}", thread));
  return static_cast<int32_t>(thread);
}

int32_t this_thread() {
  thread_local const int32_t thread = add_thread();
  return thread;
}

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - state().zero).count();
}

}  // namespace

void start(int64_t max_events) {
  state().events.assign(static_cast<size_t>(max_events), {});
  state().num_ended = 0;
  state().zero = Clock::now();
  state().is_on = true;
}

Recording stop() {
  state().is_on = false;
  Recording recording;
  const int64_t ended = state().num_ended;
  const int64_t kept = std::min(ended, static_cast<int64_t>(state().events.size()));
  state().events.resize(static_cast<size_t>(kept));
  recording.events = std::move(state().events);
  recording.num_lost = ended - kept;
  const std::lock_guard lock(state().mutex);
  recording.threads = state().threads;
  return recording;
}

void name_thread(const char* name) {
  if (!state().is_on) return;
  const int32_t thread = this_thread();
  const std::lock_guard lock(state().mutex);
  state().threads[thread] = name;
}

const char* main_thread_is_in() {
  return main_work.load(std::memory_order_relaxed);
}

Span::Span(const char* name, int64_t number, Kind kind)
    : number_(number), is_within_(kind == Kind::kWork && is_main_thread()) {
  if (is_within_) around_ = main_work.exchange(name, std::memory_order_relaxed);
  if (!state().is_on.load(std::memory_order_relaxed)) return;
  name_ = name;
  begin_ns_ = now_ns();
}

Span::~Span() {
  if (is_within_) main_work.store(around_, std::memory_order_relaxed);
  if (name_ == nullptr || !state().is_on.load(std::memory_order_relaxed)) return;
  const int64_t place = state().num_ended++;
  if (place >= static_cast<int64_t>(state().events.size())) return;
  state().events[place] = {name_, this_thread(), number_, begin_ns_, now_ns()};
}

}  // namespace gigahop::trace
