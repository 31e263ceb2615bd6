/// MATLAB files (version 5 and 7.3) through matio: named matrices, dense or sparse, read into memory one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace gigahop::dataset {

class MatMatrix;

class MatFile {
 public:
  /// Error{kData} if it is no MATLAB file.
  explicit MatFile(const std::filesystem::path& path);
  ~MatFile();
  MatFile(const MatFile&) = delete;
  MatFile& operator=(const MatFile&) = delete;

  /// Error{kData} if there is no matrix of real numbers of that name, or it claims more than the file can hold.
  MatMatrix read(const std::string& name) const;

 private:
  std::filesystem::path path_;
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

class MatMatrix {
 public:
  ~MatMatrix();
  MatMatrix(MatMatrix&& other) noexcept;

  const std::string& place() const { return place_; }  // "FILE, matrix NAME"
  int64_t num_rows() const;
  int64_t num_cols() const;

  /// Elements [first, first + out.size()) in MATLAB's order, column after column. Error{kData} for a sparse matrix.
  void read(int64_t first, std::span<double> out) const;
  /// The rows [first, first + out.size() / num_cols()), row after row. Cost for a sparse matrix: all its elements.
  void read_rows(int64_t first, std::span<float> out) const;

 private:
  friend class MatFile;
  struct Variable;
  MatMatrix(std::string place, std::unique_ptr<Variable> variable);
  std::string place_;
  std::unique_ptr<Variable> variable_;
};

}  // namespace gigahop::dataset
