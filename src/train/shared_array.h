/// One .npy file that all ranks write rows of, and that gets its name when all of them are on disk.
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

  /// Collective: after the last row; an older file of the name is replaced.
  void finish();

 private:
  const comm::Communicator* comm_;
  std::filesystem::path path_;
  std::optional<array::NpySliceWriter> writer_;
};

}  // namespace gigahop::train
