/// What the targets of importers share.
#pragma once

#include <filesystem>
#include <string_view>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "target.h"

namespace gigahop::fuzz {

/// xz, lz4 and zstd are programs of their own: they are not what is tested, and starting them takes most of the time.
inline bool is_for_another_program(std::string_view bytes) {
  return bytes.starts_with(
             "\xfd"
             "7zXZ") ||
         bytes.starts_with("\x04\x22\x4d\x18") || bytes.starts_with("\x28\xb5\x2f\xfd");
}

/// Calls import(destination); a dataset that comes of it holds what its manifest promises.
template <class Import>
void expect_dataset_or_error(const Import& import, std::string_view named) {
  const std::filesystem::path folder = scratch() / "dataset";
  expect_data_or_error(
      [&] {
        std::filesystem::remove_all(folder);
        import(dataset::Destination{.folder = folder});
        try {
          dataset::verify_dataset(folder);
        } catch (const Error& error) {
          throw Error(ErrorKind::kInternal, error.what());
        }
      },
      named);
  const bool is_partial = std::filesystem::exists(partial_path(folder));
  expect_data_or_error([&] { require(!is_partial, "a failed import leaves nothing"); }, named);
}

}  // namespace gigahop::fuzz
