#include "comm/watchdog.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/activity.h"
#include "base/trace.h"
#include "comm/communicator_state.h"
#include "comm/hang.h"

namespace gigahop::comm {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr int kTag = 7;
constexpr std::chrono::milliseconds kTick(50);
constexpr std::chrono::milliseconds kTickAtTheEnd(1);
constexpr std::chrono::seconds kLookEvery(1);  // at this rank's own activity
constexpr double kSuspendedSeconds = 5;        // between two ticks: this process did not run in between
constexpr int kQuestions = 2;                  // that a rank must leave unanswered to be missing

/// A farewell is the last message of its sender: messages between two ranks arrive in order, so nothing follows it.
enum class Kind : int32_t { kBeat, kQuestion, kAnswer, kFarewell };

struct Message {
  Kind kind = Kind::kBeat;
  int32_t question = 0;  // the number of the question that is asked or answered
  RankStatus sender;
  HeardStatus previous;  // of the rank before the sender; seconds_ago < 0: never heard of
};

std::string work_of_main_thread() {
  const char* const work = trace::main_thread_is_in();
  return work == nullptr ? "" : work;
}

double seconds_since(steady_clock::time_point then) {
  return duration<double>(steady_clock::now() - then).count();
}

}  // namespace

class Watchdog::Watch {
 public:
  Watch(const Communicator& comm, const WatchdogOptions& options, std::function<void(const Hang&)> on_hang)
      : comm_(comm.duplicate()),
        options_(options),
        on_hang_(std::move(on_hang)),
        hosts_(hosts_of(comm_)),
        answers_(hosts_.size()),
        has_parted_(hosts_.size(), false),
        thread_([this] { run(); }) {}

  ~Watch() {
    if (thread_.joinable()) stop(Ending::kAlone);
    if (!has_received_all_) left_behind().push_back({std::move(comm_), std::move(posted_)});
  }

  void end() { stop(Ending::kTogether); }

 private:
  enum class Ending { kNone, kAlone, kTogether };

  struct Posted {
    Message message;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  /// Ranks that end later still send to this one, and what it sent may still be under way: until MPI ends, these stay.
  struct LeftBehind {
    Communicator comm;
    std::deque<Posted> posted;
  };
  static std::vector<LeftBehind>& left_behind() {
    static std::vector<LeftBehind> all;
    return all;
  }

  void stop(Ending ending) {
    ending_ = ending;
    thread_.join();
  }

  WaitBook& book() const { return *comm_.state().wait_book; }

  void run() {
    try {
      watch();
      if (ending_ == Ending::kTogether) part();
    } catch (const std::exception& error) {
      on_hang_({.explanation = error.what(), .state = describe_ranks(reports())});
    }
  }

  void watch() {
    const int32_t self = this_thread_id();
    steady_clock::time_point last_beat;  // long ago: the first one at once
    steady_clock::time_point last_look;
    steady_clock::time_point last_tick = steady_clock::now();
    while (ending_ == Ending::kNone) {
      if (seconds_since(std::exchange(last_tick, steady_clock::now())) > kSuspendedSeconds) forget_the_past();
      receive();
      forget_sent();
      if (steady_clock::now() - last_look >= kLookEvery) {
        std::set<int32_t> quiet = {self};
        for (const WaitBook::Wait& wait : book().waits()) quiet.insert(wait.thread);
        activity_.look(quiet);
        last_look = steady_clock::now();
      }
      if (seconds_since(last_beat) >= options_.beat_seconds) {
        send((comm_.rank() + 1) % comm_.size(), Kind::kBeat);
        last_beat = steady_clock::now();
      }
      ask_and_explain();
      std::this_thread::sleep_for(kTick);
    }
  }

  /// Says farewell to all ranks and receives what they send until theirs.
  void part() {
    for (int rank = 0; rank < comm_.size(); ++rank) {
      if (rank != comm_.rank()) send(rank, Kind::kFarewell);
    }
    has_parted_[static_cast<size_t>(comm_.rank())] = true;
    steady_clock::time_point began = steady_clock::now();
    steady_clock::time_point last_tick = began;
    while (!posted_.empty() || !std::ranges::all_of(has_parted_, [](bool parted) { return parted; })) {
      if (seconds_since(std::exchange(last_tick, steady_clock::now())) > kSuspendedSeconds) began = last_tick;
      receive();
      forget_sent();
      if (seconds_since(began) > options_.deadline_seconds) {
        tell_who_has_not_parted();
        return;
      }
      std::this_thread::sleep_for(kTickAtTheEnd);
    }
    has_received_all_ = true;
  }

  void tell_who_has_not_parted() {
    for (size_t rank = 0; rank < answers_.size(); ++rank) {
      answers_[rank] = std::nullopt;
      if (has_parted_[rank]) answers_[rank] = Message{.sender = {}, .previous = {.status = {}, .seconds_ago = -1}};
    }
    const std::vector<RankReport> found = reports();
    on_hang_({.explanation = explain_hang(found, options_.deadline_seconds).value_or("messages remain unsent"),
              .state = describe_ranks(found)});
  }

  /// Waits and rest of a time in which the process was suspended say nothing; nor would the other ranks' answers.
  void forget_the_past() {
    activity_.restart();
    num_asked_ = 0;
    judged_ = steady_clock::now();
  }

  bool is_late() const { return status().waiting_seconds >= options_.deadline_seconds; }

  /// From the passing of a deadline over questions to a verdict, and again later if there is hope.
  void ask_and_explain() {
    if (has_spoken_) return;
    if (num_asked_ == 0) {
      if (is_late() && seconds_since(judged_) >= options_.deadline_seconds / 2) ask();
      return;
    }
    answers_[static_cast<size_t>(comm_.rank())] =
        Message{.kind = Kind::kAnswer, .question = question_, .sender = status(), .previous = heard()};
    const bool all_answered = std::ranges::all_of(answers_, [](const auto& answer) { return answer.has_value(); });
    if (!all_answered && seconds_since(asked_) < options_.answer_seconds) return;
    if (!all_answered && num_asked_ < kQuestions) {
      ask();
      return;
    }
    num_asked_ = 0;
    judged_ = steady_clock::now();
    if (!is_late()) return;  // what was waited for has come
    const std::vector<RankReport> found = reports();
    const auto explanation = explain_hang(found, options_.deadline_seconds);
    if (!explanation.has_value()) return;
    has_spoken_ = true;
    on_hang_({.explanation = *explanation, .state = describe_ranks(found)});
  }

  void ask() {
    ++question_;
    ++num_asked_;
    asked_ = steady_clock::now();
    std::ranges::fill(answers_, std::nullopt);
    for (int rank = 0; rank < comm_.size(); ++rank) {
      if (rank != comm_.rank()) send(rank, Kind::kQuestion, question_);
    }
  }

  RankStatus status() const {
    RankStatus status;
    int phase = book().main_phase();
    for (const WaitBook::Wait& wait : book().waits()) {
      const double seconds = seconds_since(wait.since);
      if (seconds <= status.waiting_seconds) continue;
      status.waiting_seconds = seconds;
      phase = wait.phase;
    }
    status.idle_seconds = activity_.idle_seconds();
    status.step = book().step();
    const std::string name = phase == kNoPhase ? work_of_main_thread() : comm_.state().ledger->name_of(phase);
    std::copy_n(name.c_str(), std::min(name.size() + 1, status.phase.size() - 1), status.phase.data());
    return status;
  }

  HeardStatus heard() const {
    HeardStatus heard = previous_;
    heard.seconds_ago = has_heard_ ? seconds_since(heard_at_) : -1;
    return heard;
  }

  std::vector<RankReport> reports() const {
    std::vector<RankReport> reports(hosts_.size());
    for (size_t rank = 0; rank < reports.size(); ++rank) {
      reports[rank].host = hosts_[rank];
      if (answers_[rank].has_value()) reports[rank].answer = answers_[rank]->sender;
      const std::optional<Message>& next = answers_[(rank + 1) % reports.size()];
      if (next.has_value() && next->previous.seconds_ago >= 0) reports[rank].before = next->previous;
    }
    return reports;
  }

  void send(int rank, Kind kind, int32_t question = 0) {
    Posted& posted = posted_.emplace_back();
    posted.message = {.kind = kind, .question = question, .sender = status(), .previous = heard()};
    mpi_check(MPI_Isend(&posted.message, sizeof(Message), MPI_BYTE, rank, kTag, comm_.state().handle, &posted.request),
              "MPI_Isend");
  }

  void receive() {
    for (;;) {
      int is_there = 0;
      MPI_Status envelope;
      mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, kTag, comm_.state().handle, &is_there, &envelope), "MPI_Iprobe");
      if (is_there == 0) return;
      Message message;
      mpi_check(MPI_Recv(&message, sizeof message, MPI_BYTE, envelope.MPI_SOURCE, kTag, comm_.state().handle,
                         MPI_STATUS_IGNORE),
                "MPI_Recv");
      take(envelope.MPI_SOURCE, message);
    }
  }

  void take(int sender, const Message& message) {
    switch (message.kind) {
      case Kind::kBeat:
        previous_.status = message.sender;
        heard_at_ = steady_clock::now();
        has_heard_ = true;
        break;
      case Kind::kQuestion:
        if (ending_ == Ending::kNone) send(sender, Kind::kAnswer, message.question);
        break;
      case Kind::kAnswer:
        if (message.question == question_) answers_[static_cast<size_t>(sender)] = message;
        break;
      case Kind::kFarewell:
        has_parted_[static_cast<size_t>(sender)] = true;
        break;
    }
  }

  void forget_sent() {
    while (!posted_.empty()) {
      int is_sent = 0;
      mpi_check(MPI_Test(&posted_.front().request, &is_sent, MPI_STATUS_IGNORE), "MPI_Test");
      if (is_sent == 0) return;
      posted_.pop_front();
    }
  }

  Communicator comm_;
  WatchdogOptions options_;
  std::function<void(const Hang&)> on_hang_;
  std::vector<std::string> hosts_;
  ActivityMeter activity_;
  std::deque<Posted> posted_;  // addresses stay
  std::vector<std::optional<Message>> answers_;
  std::vector<bool> has_parted_;
  bool has_received_all_ = false;
  steady_clock::time_point asked_;
  HeardStatus previous_;
  steady_clock::time_point heard_at_;
  bool has_heard_ = false;
  steady_clock::time_point judged_;
  int32_t question_ = 0;
  int num_asked_ = 0;  // questions since the last verdict
  bool has_spoken_ = false;
  std::atomic<Ending> ending_ = Ending::kNone;
  std::thread thread_;  // last: it uses all of the others
};

void note_step(const Communicator& comm, int64_t step) {
  comm.state().wait_book->note_step(step);
}

Watchdog::Watchdog(const Communicator& comm, const WatchdogOptions& options, std::function<void(const Hang&)> on_hang) {
  if (comm.size() > 1) watch_ = std::make_unique<Watch>(comm, options, std::move(on_hang));
}

Watchdog::~Watchdog() = default;

void Watchdog::end() {
  if (watch_ != nullptr) watch_->end();
}

}  // namespace gigahop::comm
