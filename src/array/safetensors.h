/// safetensors files: a JSON header and raw tensors, as `safetensors.torch.load_file` reads them.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "array/dtype.h"
#include "base/files.h"

namespace gigahop::array {

struct TensorToWrite {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Written in the given order, synced; the caller makes it atomic by writing into a pending folder.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata = {});

struct TensorView {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;  // aligned as the writer of the file chose: copy, do not cast
};

/// Mapped. The header is checked in full: every key once, sizes that fit dtype and shape, tensors that tile the data
/// without gap or overlap. Anything else is Error{kData}.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  bool contains(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  /// Error{kData} naming file and tensor if absent.
  const TensorView& at(std::string_view name) const;
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  MappedFile file_;
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace gigahop::array
