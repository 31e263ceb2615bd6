#include "base/signal_stack.h"

#include <csignal>
#include <cstddef>
#include <memory>

namespace gigahop {
namespace {

/// Room for the registers of any processor so far, and for a handler that does little.
constexpr size_t kStackBytes = size_t{1} << 16;

/// Leaves a thread that has such a stack already as it is.
class SignalStack {
 public:
  SignalStack() {
    stack_t before = {};
    if (::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
    memory_ = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
    stack_t own = {};
    own.ss_sp = memory_.get();
    own.ss_size = kStackBytes;
    ::sigaltstack(&own, nullptr);
  }
  ~SignalStack() {
    if (memory_ == nullptr) return;
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace

void use_signal_stack() {
  thread_local const SignalStack stack;
}

}  // namespace gigahop
