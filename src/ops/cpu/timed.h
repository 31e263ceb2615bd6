/// Adds the time of an operation to the context's `times`, where the context keeps them.
#pragma once

#include <chrono>
#include <string>

#include "tensor/cpu.h"

namespace gigahop::ops::cpu {

/// From construction to destruction, under the name that `name()` returns; costs nothing where nobody asks.
class Timed {
 public:
  Timed(const Cpu& dev, const char* name) : times_(dev.times) {
    if (times_ != nullptr) start(name);
  }
  template <class Name>
  Timed(const Cpu& dev, const Name& name) : times_(dev.times) {
    if (times_ != nullptr) start(name());
  }
  ~Timed() {
    if (times_ == nullptr) return;
    OperationTime& time = (*times_)[name_];
    ++time.calls;
    time.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  void start(std::string name) {
    name_ = std::move(name);
    began_ = std::chrono::steady_clock::now();
  }

  std::map<std::string, OperationTime>* times_;
  std::string name_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace gigahop::ops::cpu
