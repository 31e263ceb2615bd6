/// Small raw inputs as other programs write them (gzip, .npy, .npz), and expectations on imports: for tests of dataset.
///
/// The .npy headers are put together here by hand, so that readers are held to the format and not to our own writer.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/dataset_folder.h"

namespace gigahop::tests {

/// An empty folder of the running test.
std::filesystem::path fresh_test_folder();

void write_file(const std::filesystem::path& path, std::string_view bytes);
std::string read_file(const std::filesystem::path& path);
std::string gzip(std::string_view text);
void write_gzip(const std::filesystem::path& path, std::string_view text);

/// Bytes of a .npy file. descr as in numpy: "<i8", "<f4", "|b1".
std::string npy_bytes(std::string_view descr, std::string_view shape, std::string_view data);
template <class T>
std::string npy(std::string_view descr, std::string_view shape, const std::vector<T>& values) {
  return npy_bytes(descr, shape, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}
/// A deflated archive; keys without ".npy".
void write_npz(const std::filesystem::path& path, const std::map<std::string, std::string>& arrays);

/// Runs `act`, which must throw an Error of this kind whose message has every one of `parts`.
void expect_error(ErrorKind kind, const std::vector<std::string>& parts, const std::function<void()>& act);
/// The same for data errors of an import into `output`, of which nothing may be left.
void expect_refused(const std::filesystem::path& output, const std::vector<std::string>& parts,
                    const std::function<void()>& act);

using Pairs = std::vector<std::pair<int64_t, int64_t>>;
Pairs edges_of(const graph::DatasetFolder& dataset);
std::vector<int64_t> ids_of(std::span<const OriginalId> ids);

}  // namespace gigahop::tests
