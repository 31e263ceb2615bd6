/// One .npy file that all ranks write rows of, and that gets its name only when all of them are on disk.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "array/npy.h"
#include "comm/communicator.h"

namespace gigahop::train {

class SharedArray {
 public:
  /// Collective. Error{kData} on all ranks if the file cannot be made. `comm` outlives this.
  SharedArray(const comm::Communicator& comm, std::filesystem::path path, array::DType dtype,
              const std::vector<int64_t>& shape);

  /// Rows from first_row on, of this rank's choice.
  template <class T>
  void write(int64_t first_row, std::span<const T> values) {
    writer_->write_rows(first_row, std::as_bytes(values));
  }

  /// Collective: after the last row.
  void close();
  /// On one rank, after close(): an older file of the name is replaced. Without it nothing is left.
  void take_name();

 private:
  /// What is built, removed by rank 0 unless it got its name.
  class Partial {
   public:
    Partial(std::filesystem::path path, int rank) : path_(std::move(path)), rank_(rank) {}
    ~Partial();
    Partial(const Partial&) = delete;
    Partial& operator=(const Partial&) = delete;
    const std::filesystem::path& path() const { return path_; }

   private:
    std::filesystem::path path_;
    int rank_;
  };

  const comm::Communicator* comm_;
  std::filesystem::path path_;
  Partial partial_;
  std::optional<array::NpySliceWriter> writer_;
};

}  // namespace gigahop::train
