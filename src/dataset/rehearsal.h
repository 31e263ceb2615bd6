/// Work of a library that hostile input may crash, done first in a process of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace gigahop::dataset {

/// Does `work` in a copy of this process that may hold `memory_bytes` more than this one, and forgets what comes of it.
/// Throws the Error that it threw; Error{kData} at `place` where the copy did not live to its end. The copy ends with
/// this process.
/// Other threads are not part of the copy: they may hold no lock that the work needs.
void rehearse(const std::string& place, int64_t memory_bytes, const std::function<void()>& work);

}  // namespace gigahop::dataset
