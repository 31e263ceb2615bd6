#include "comm/deadline.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::comm {

Deadline::Deadline(std::chrono::milliseconds limit, std::string what)
    : thread_([this, limit, words = std::move(what)] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, limit, [this] { return is_over_; })) return;
        fmt::print(stderr, "{}: {} has not ended within {} s; a rank is stopped, dead or cut off\n",
                   name(ErrorKind::kComm), words, std::chrono::duration<double>(limit).count());
        std::fflush(stderr);
        std::_Exit(static_cast<int>(ErrorKind::kComm));
      }) {}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace gigahop::comm
