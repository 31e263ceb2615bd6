#include "comm/communicator.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/activity.h"
#include "base/error.h"
#include "base/trace.h"
#include "comm/collectives.h"
#include "comm/communicator_state.h"
#include "comm/deadline.h"

namespace gigahop::comm {
namespace {

using std::chrono::duration;
using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr microseconds kSpin(20);
constexpr microseconds kYield(200);
constexpr microseconds kLongestSleep(50);
constexpr std::chrono::milliseconds kLongWait(100);  // from here on the watchdog may know
constexpr std::chrono::minutes kLongestStart(10);    // ranks of a large job come one by one
constexpr std::chrono::minutes kLongestEnd(2);

/// What a waiting thread does between two polls, by how long it has waited.
void pause(steady_clock::duration waited) {
  if (waited < kSpin) return;
  if (waited < kYield) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::min<steady_clock::duration>(waited / 16, kLongestSleep));
  }
}

bool is_running() {
  int started = 0;
  int ended = 0;
  MPI_Initialized(&started);
  MPI_Finalized(&ended);
  return started != 0 && ended == 0;
}

std::string host_name() {
  std::array<char, MPI_MAX_PROCESSOR_NAME> text = {};
  int length = 0;
  mpi_check(MPI_Get_processor_name(text.data(), &length), "MPI_Get_processor_name");
  return {text.data(), static_cast<size_t>(length)};
}

/// A handle of its own message space that returns errors instead of ending the job.
MPI_Comm duplicate_handle(Communicator::State& state, MPI_Comm parent) {
  MPI_Comm handle = MPI_COMM_NULL;
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Comm_idup(parent, &handle, &request), "MPI_Comm_idup");
  wait(state, request);
  mpi_check(MPI_Comm_set_errhandler(handle, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return handle;
}

/// In the book while it lives.
class NotedWait {
 public:
  explicit NotedWait(const Communicator::State& state) : state_(state) { state_.wait_book->begin(state_); }
  ~NotedWait() { state_.wait_book->end(state_); }
  NotedWait(const NotedWait&) = delete;
  NotedWait& operator=(const NotedWait&) = delete;

 private:
  const Communicator::State& state_;
};

}  // namespace

void WaitBook::begin(const Communicator::State& waiter) {
  const std::lock_guard lock(mutex_);
  waits_[&waiter] = {.since = steady_clock::now(), .thread = this_thread_id(), .phase = waiter.phase};
}

void WaitBook::end(const Communicator::State& waiter) {
  const std::lock_guard lock(mutex_);
  waits_.erase(&waiter);
}

void WaitBook::enter(int phase) {
  if (this_thread_id() == ::getpid()) main_phase_ = phase;
}

std::vector<WaitBook::Wait> WaitBook::waits() const {
  const std::lock_guard lock(mutex_);
  std::vector<Wait> waits;
  for (const auto& [waiter, wait] : waits_) waits.push_back(wait);
  return waits;
}

std::vector<std::string> hosts_of(const Communicator& comm) {
  const std::span<const char> mine(comm.host());
  const Gathered all = all_gather_varied_bytes(comm, std::as_bytes(mine));
  const auto* text = reinterpret_cast<const char*>(all.bytes.data());
  std::vector<std::string> hosts;
  for (size_t rank = 0; rank + 1 < all.offsets.size(); ++rank) {
    hosts.emplace_back(text + all.offsets[rank], text + all.offsets[rank + 1]);
  }
  return hosts;
}

void mpi_check(int code, const char* call, std::source_location where) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text = {};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(ErrorKind::kComm,
              fmt::format("{} failed: {}", call, std::string(text.data(), static_cast<size_t>(length))), where);
}

void wait_until(Communicator::State& state, const std::function<bool()>& is_done) {
  const trace::Span span("exchange", -1, trace::Span::Kind::kWait);
  const auto start = steady_clock::now();
  auto waited = steady_clock::duration::zero();
  std::optional<NotedWait> noted;
  for (;;) {
    const bool done = is_done();
    waited = steady_clock::now() - start;
    if (done) break;
    if (waited >= kLongWait && !noted.has_value()) noted.emplace(state);
    pause(waited);
  }
  state.seconds += duration<double>(waited).count();
}

void wait(Communicator::State& state, std::span<MPI_Request> requests) {
  wait_until(state, [requests] {
    int done = 0;
    mpi_check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE),
              "MPI_Testall");
    return done != 0;
  });
}

void wait(Communicator::State& state, MPI_Request request) {
  wait(state, std::span(&request, 1));
}

Environment::Environment(int* argc, char*** argv) {
  const Deadline deadline(kLongestStart, "MPI_Init_thread");
  int provided = MPI_THREAD_SINGLE;
  mpi_check(MPI_Init_thread(argc, argv, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  mpi_check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (provided == MPI_THREAD_MULTIPLE) return;
  MPI_Finalize();
  throw Error(ErrorKind::kComm,
              "MPI_Init_thread: expected thread level MPI_THREAD_MULTIPLE, found less; use an MPI built with threads");
}

Environment::~Environment() {
  if (!is_running()) return;
  const Deadline deadline(kLongestEnd, "MPI_Finalize");
  MPI_Finalize();
}

void abort_all(int exit_code) {
  if (is_running()) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

Communicator::Communicator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Communicator::Communicator(Communicator&&) noexcept = default;
Communicator& Communicator::operator=(Communicator&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Communicator::~Communicator() {
  if (state_ != nullptr && state_->handle != MPI_COMM_NULL && is_running()) MPI_Comm_free(&state_->handle);
}

Communicator Communicator::world() {
  require(is_running(), "a comm::Environment exists before the first communicator");
  auto state = std::make_unique<State>();
  state->wait_book = std::make_shared<WaitBook>();
  state->handle = duplicate_handle(*state, MPI_COMM_WORLD);
  mpi_check(MPI_Comm_rank(state->handle, &state->rank), "MPI_Comm_rank");
  mpi_check(MPI_Comm_size(state->handle, &state->size), "MPI_Comm_size");
  state->host = host_name();
  state->ledger = std::make_shared<Ledger>(state->size);
  Communicator comm(std::move(state));
  comm.state().ranks_of_host.clear();
  const std::vector<std::string> hosts = hosts_of(comm);
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (hosts[static_cast<size_t>(rank)] == comm.host()) comm.state().ranks_of_host.push_back(rank);
  }
  return comm;
}

Communicator Communicator::self() {
  require(is_running(), "a comm::Environment exists before the first communicator");
  auto state = std::make_unique<State>();
  state->wait_book = std::make_shared<WaitBook>();
  state->handle = duplicate_handle(*state, MPI_COMM_SELF);
  state->host = host_name();
  state->ledger = std::make_shared<Ledger>(state->size);
  return Communicator(std::move(state));
}

Communicator Communicator::duplicate() const {
  auto copy = std::make_unique<State>();
  copy->handle = duplicate_handle(*state_, state_->handle);
  copy->rank = state_->rank;
  copy->size = state_->size;
  copy->ranks_of_host = state_->ranks_of_host;
  copy->host = state_->host;
  copy->ledger = state_->ledger;
  copy->wait_book = state_->wait_book;
  return Communicator(std::move(copy));
}

int Communicator::rank() const {
  return state_->rank;
}
int Communicator::size() const {
  return state_->size;
}
const std::vector<int>& Communicator::ranks_of_host() const {
  return state_->ranks_of_host;
}
int Communicator::ranks_on_host() const {
  return static_cast<int>(state_->ranks_of_host.size());
}
int Communicator::rank_on_host() const {
  const std::vector<int>& ranks = state_->ranks_of_host;
  return static_cast<int>(std::ranges::lower_bound(ranks, state_->rank) - ranks.begin());
}
const std::string& Communicator::host() const {
  return state_->host;
}
double Communicator::seconds() const {
  return state_->seconds;
}
int64_t Communicator::bytes_sent() const {
  return state_->bytes_sent;
}

}  // namespace gigahop::comm
