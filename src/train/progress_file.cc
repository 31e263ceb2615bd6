#include "train/progress_file.h"

#include <chrono>
#include <utility>

#include "array/manifest.h"
#include "base/error.h"
#include "base/files.h"

namespace gigahop::train {
namespace fs = std::filesystem;

ProgressFile::ProgressFile(const fs::path& run_folder, double every_seconds)
    : path_(run_folder / kProgressFile), every_seconds_(every_seconds) {
  remove();
  writer_ = std::jthread([this](const std::stop_token& stop) { write_on(stop); });
}

ProgressFile::~ProgressFile() {
  writer_.request_stop();
  writer_.join();
  remove();
}

void ProgressFile::tell(proto::RunProgress progress) {
  const std::lock_guard lock(mutex_);
  const bool is_first = !news_.has_value();
  news_ = std::move(progress);
  if (is_first) is_told_.notify_one();
}

void ProgressFile::write_on(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (is_told_.wait(lock, stop, [this] { return news_.has_value(); }) && !stop.stop_requested()) {
    const proto::RunProgress progress = *std::exchange(news_, std::nullopt);
    lock.unlock();
    try {
      array::write_text_proto(path_, progress);
    } catch (const Error&) {  // the next write may succeed
    }
    lock.lock();
    is_told_.wait_for(lock, stop, std::chrono::duration<double>(every_seconds_), [] { return false; });
  }
}

void ProgressFile::remove() const {
  std::error_code is_not_there;
  fs::remove(path_, is_not_there);
  fs::remove(partial_path(path_), is_not_there);
}

std::optional<proto::RunProgress> read_progress(const fs::path& run_folder) {
  const fs::path file = run_folder / kProgressFile;
  if (!fs::exists(file)) return std::nullopt;
  try {
    proto::RunProgress progress;
    array::read_text_proto(file, progress);
    return progress;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace gigahop::train
