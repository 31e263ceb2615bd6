#include "base/error.h"

#include <gtest/gtest.h>

namespace gigahop {
namespace {

TEST(Error, says_place_expectation_finding_and_hint) {
  const Error error = data_error("a.npy", "8 bytes", "4", "make it again");
  EXPECT_STREQ(error.what(), "a.npy: expected 8 bytes, found 4; make it again");
  EXPECT_EQ(error.kind, ErrorKind::kData);
  EXPECT_STREQ(config_error("train.epochs", "0 or more", "-1").what(), "train.epochs: expected 0 or more, found -1");
}

TEST(Error, kind_is_the_exit_code) {
  EXPECT_EQ(static_cast<int>(ErrorKind::kConfig), 2);
  EXPECT_EQ(static_cast<int>(ErrorKind::kData), 3);
  EXPECT_EQ(static_cast<int>(ErrorKind::kComm), 4);
  EXPECT_EQ(static_cast<int>(ErrorKind::kDevice), 5);
  EXPECT_EQ(static_cast<int>(ErrorKind::kInternal), 70);
  EXPECT_EQ(name(ErrorKind::kDevice), "device");
}

TEST(Require, throws_our_own_fault_with_its_place) {
  EXPECT_NO_THROW(require(true, "nothing"));
  try {
    require(false, "the sky is up");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kInternal);
    EXPECT_NE(std::string(error.what()).find("error_test.cc"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("the sky is up"), std::string::npos);
  }
}

}  // namespace
}  // namespace gigahop
