#include "launch/guarded_main.h"

#include <chrono>
#include <cstdio>
#include <exception>
#include <future>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"

namespace gigahop::launch {
namespace {

/// How long a rank that only repeats what another one says leaves that one to say it.
constexpr std::chrono::seconds kGrace(2);

struct Failure {
  int exit_code = 0;
  std::string kind;
  std::string message;
};

/// A config error is the same on all ranks, so rank 0 says it; comm::agree marks what another rank met with its number.
bool is_said_here(const Failure& failure, int rank) {
  if (failure.exit_code == static_cast<int>(ErrorKind::kConfig)) return rank == 0;
  return !failure.message.starts_with("rank ");
}

void print(const Failure& failure, const comm::Communicator& comm) {
  clear_progress_line();
  fmt::print(stderr, "[rank {}/{} {}] {}: {}\n", comm.rank(), comm.size(), comm.host(), failure.kind, failure.message);
  std::fflush(stderr);
}

int report(const Failure& failure, const comm::Communicator& comm) {
  if (is_said_here(failure, comm.rank())) {
    print(failure, comm);
  } else {
    std::this_thread::sleep_for(kGrace);
  }
  if (comm.size() > 1) comm::abort_all(failure.exit_code);
  return failure.exit_code;
}

/// False where the disk does not take it within the grace: it may be the disk that hangs, so another thread tries.
bool writes_soon(const std::filesystem::path& file, const std::string& text) {
  std::packaged_task<bool()> task([file, text] {
    try {
      make_folders(file.parent_path());
      write_text_file(file, text);
      return true;
    } catch (const Error&) {
      return false;
    }
  });
  std::future<bool> is_written = task.get_future();
  std::thread(std::move(task)).detach();
  return is_written.wait_for(kGrace) == std::future_status::ready && is_written.get();
}

}  // namespace

void end_hung_job(const comm::Communicator& comm, const comm::Hang& hang, const std::filesystem::path& folder) {
  constexpr auto kExitCode = static_cast<int>(ErrorKind::kComm);
  std::string message = hang.explanation;
  const std::filesystem::path file = folder / fmt::format("hang-rank-{:04}.txt", comm.rank());
  if (!folder.empty() && writes_soon(file, hang.explanation + "\n\n" + hang.state)) {
    message += "; what each rank was at: " + file.string();
  }
  print({kExitCode, std::string(name(ErrorKind::kComm)), message}, comm);
  std::this_thread::sleep_for(kGrace);
  comm::abort_all(kExitCode);
}

int guarded_main(int argc, char** argv, const std::function<int(const comm::Communicator&)>& command) {
  const comm::Environment environment(&argc, &argv);
  const comm::Communicator world = comm::Communicator::world();
  try {
    const int exit_code = command(world);
    std::fflush(nullptr);  // the first rank that ends with a code of its own ends the others
    return exit_code;
  } catch (const Error& error) {
    return report({static_cast<int>(error.kind), std::string(name(error.kind)), error.what()}, world);
  } catch (const std::exception& error) {
    return report({static_cast<int>(ErrorKind::kInternal), "internal", error.what()}, world);
  }
}

}  // namespace gigahop::launch
