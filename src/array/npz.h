/// .npz archives (zip of .npy, zip64 and deflate included), each member read as a stream: memory does not grow with
/// size.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "array/npy.h"

namespace gigahop::array {

/// One member being read front to back. A truncated or corrupt archive is Error{kData} naming file and member.
class NpzMember {
 public:
  struct State;
  explicit NpzMember(std::unique_ptr<State> state);
  ~NpzMember();
  NpzMember(NpzMember&&) noexcept;

  const NpyHeader& header() const;
  /// Fills `out` or throws.
  void read(std::span<std::byte> out);

 private:
  std::unique_ptr<State> state_;
};

class NpzReader {
 public:
  explicit NpzReader(const std::filesystem::path& path);
  ~NpzReader();

  /// Names without ".npy".
  std::vector<std::string> names() const;
  bool contains(std::string_view name) const;
  NpzMember open(std::string_view name) const;

 private:
  std::filesystem::path path_;
  struct Archive;
  std::unique_ptr<Archive> archive_;
};

}  // namespace gigahop::array
