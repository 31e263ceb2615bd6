/// An array read front to back in pieces, from a .npy file or an .npz member, whatever its size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "array/npy.h"
#include "array/npz.h"

namespace gigahop::dataset {

class ArrayStream {
 public:
  /// Error{kData} if the size of the file is not what its header says.
  static ArrayStream open_npy(const std::filesystem::path& path);
  /// Error{kData} naming the archive and what it holds if there is no such member.
  static ArrayStream open_npz(const array::NpzReader& archive, const std::filesystem::path& path,
                              std::string_view name);

  const std::string& name() const { return name_; }  // "FILE" or "FILE, array NAME"
  array::DType dtype() const { return header_.dtype; }
  const std::vector<int64_t>& shape() const { return header_.shape; }
  int64_t num_elements() const { return header_.num_elements(); }
  std::string describe() const;  // "float32 [10, 3]"

  /// The next out.size() bytes or elements. Elements are converted; Error{kData} if the dtype is no integer (int64:
  /// float with whole values is accepted, NaN becomes -1) or no number.
  void read_bytes(std::span<std::byte> out) { read_(out); }
  void read(std::span<int64_t> out);
  void read(std::span<float> out);

 private:
  std::string name_;
  array::NpyHeader header_;
  std::function<void(std::span<std::byte>)> read_;
  std::vector<std::byte> scratch_;
  int64_t num_read_ = 0;
};

}  // namespace gigahop::dataset
