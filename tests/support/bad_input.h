/// Files made wrong on purpose, and the one way in which a reader may take them: valid data, or one Error{kData} that
/// names the file.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace gigahop::tests {

/// Not synced, and a new file each time (file systems write out one that is truncated): for thousands of short-lived
/// files.
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// The message must contain `part`.
inline void expect_data_error(const std::function<void()>& read, const std::string& part) {
  try {
    read();
    ADD_FAILURE() << "no error that names " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kData) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

inline void expect_data_error_or_success(const std::function<void()>& read, const std::string& part) {
  try {
    read();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kData) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

/// Calls use(bytes) for every proper prefix.
inline void for_each_truncation(const std::string& bytes, const std::function<void(const std::string&)>& use) {
  for (size_t length = 0; length < bytes.size(); ++length) use(bytes.substr(0, length));
}

/// Calls use(bytes) with each byte changed in three ways.
inline void for_each_flip(const std::string& bytes, const std::function<void(const std::string&)>& use) {
  std::string changed = bytes;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      changed[at] = static_cast<char>(bytes[at] ^ mask);
      use(changed);
    }
    changed[at] = bytes[at];
  }
}

}  // namespace gigahop::tests
