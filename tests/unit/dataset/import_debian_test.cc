#include <gtest/gtest.h>

#include <cmath>

#include "dataset/import.h"
#include "dataset/package_list.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

constexpr char kPackages[] = R"(Package: zoo
Depends: libc (>= 2.34), bear | ant:any, unknown
Recommends: cat [amd64] <!nocheck>,
 ant
Section: games
Description: A zoo
 of Animals

Package: ant
Pre-Depends: libc
Section: universe/games
Tag: role::program

Package: libc
Section: libs

Package: zoo
Section: wrong
Depends: libc, libc

Package: bear
Depends: bear, libc
)";

/// The packages above with enough labelled others for three splits.
std::string package_list() {
  std::string text = kPackages;
  for (int i = 0; i < 100; ++i) text += "\nPackage: x" + std::to_string(i) + "\nSection: misc\n";
  return text;
}

class ImportDebian : public testing::Test {
 protected:
  ImportSummary import(std::string_view list) {
    write_file(folder_ / "Packages", list);
    fs::remove_all(output_);
    const ImportSummary summary =
        import_debian({.packages_files = {folder_ / "Packages"}, .feature_width = 8}, {.folder = output_});
    verify_dataset(output_);
    return summary;
  }

  fs::path folder_ = fresh_test_folder();
  fs::path output_ = folder_ / "out";
};

TEST_F(ImportDebian, makes_nodes_edges_labels_and_names_of_the_stanzas) {
  const ImportSummary summary = import(package_list());
  EXPECT_EQ(summary.num_nodes, 104);
  EXPECT_EQ(summary.num_dropped_names, 2) << "cat and unknown";
  EXPECT_EQ(summary.num_unlabelled, 1) << "bear has no section";
  const graph::DatasetFolder dataset(output_);
  EXPECT_TRUE(dataset.manifest().directed());
  EXPECT_EQ(std::vector<std::string>(dataset.manifest().class_names().begin(), dataset.manifest().class_names().end()),
            (std::vector<std::string>{"games", "libs", "misc"}));
  // sorted: ant 0, bear 1, libc 2, x0 3, ..., zoo 103
  EXPECT_TRUE(read_file(output_ / "names.txt").starts_with("ant\nbear\nlibc\nx0\n"));
  EXPECT_EQ(edges_of(dataset), (Pairs{{0, 2}, {1, 1}, {1, 2}, {103, 2}, {103, 1}, {103, 0}, {103, 0}}));
  EXPECT_EQ(dataset.labels()[0], 0) << "universe/ is no part of the section";
  EXPECT_EQ(dataset.labels()[1], -1);
  EXPECT_EQ(dataset.labels()[103], 0) << "the first stanza counts";
}

TEST_F(ImportDebian, does_not_depend_on_the_order_of_stanzas_or_on_compression) {
  import(package_list());
  const uint64_t fingerprint = graph::DatasetFolder(output_).fingerprint();
  import(gzip(package_list()));
  EXPECT_EQ(graph::DatasetFolder(output_).fingerprint(), fingerprint);
  import("Package: libc\nSection: libs\n\n" + package_list());
  EXPECT_EQ(graph::DatasetFolder(output_).fingerprint(), fingerprint);
}

TEST_F(ImportDebian, splits_by_name_about_60_20_20) {
  std::string list = "Package: a\nDepends: n1\n";
  for (int i = 0; i < 10000; ++i)
    list += "\nPackage: n" + std::to_string(i) + "\nSection: s" + std::to_string(i % 3) + "\n";
  const ImportSummary summary = import(list);
  EXPECT_EQ(summary.num_train + summary.num_valid + summary.num_test, 10000);
  EXPECT_NEAR(static_cast<double>(summary.num_train), 6000, 200);
  EXPECT_NEAR(static_cast<double>(summary.num_valid), 2000, 160);
}

TEST_F(ImportDebian, names_the_line_of_every_fault) {
  const auto expect_refusal = [&](std::string_view list, const std::vector<std::string>& parts) {
    write_file(folder_ / "Packages", list);
    expect_refused(output_, parts,
                   [&] { import_debian({.packages_files = {folder_ / "Packages"}}, {.folder = output_}); });
  };
  expect_refusal("", {"Packages", "stanzas of packages", "none"});
  expect_refusal("Package: a\nrubbish\n", {"Packages, line 2", "`Name: value`", "`rubbish`"});
  expect_refusal(" continued\n", {"Packages, line 1", "`Name: value`"});
  expect_refusal("Section: libs\n\nPackage: a\n", {"Packages, line 2", "a field Package"});
  expect_refusal("Package: a\nSection: libs\n", {"split"});
  expect_error(ErrorKind::kConfig, {"feature_width", "found 0"},
               [&] { import_debian({.feature_width = 0}, {.folder = output_}); });
}

TEST(DependencyNames, leave_versions_architectures_and_profiles_out) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(dependency_names(""), Names{});
  EXPECT_EQ(dependency_names("a"), Names{"a"});
  EXPECT_EQ(dependency_names("a (>= 1:2.0~), b:any|c(<< 3) , libstdc++6 [amd64 i386] | d <!x>,"),
            (Names{"a", "b", "c", "libstdc++6", "d"}));
}

TEST(HashWords, depend_on_the_words_alone_and_have_unit_scale) {
  const auto row = [](const std::string& description, const std::string& tags) {
    std::vector<float> out(64, 7.0F);
    hash_words({.name = "p", .section = "", .description = description, .tags = tags, .dependencies = {}}, out);
    return out;
  };
  EXPECT_EQ(row("A fast, GREEN tool!", ""), row("tool green", "a::fast"));
  EXPECT_NE(row("a fast green tool", ""), row("a slow green tool", ""));
  EXPECT_EQ(row("--", "::"), std::vector<float>(64, 0.0F));
  double squares = 0;
  for (const float value : row("one two three two", "x")) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(squares / 64, 1.0, 1e-5);
}

}  // namespace
}  // namespace gigahop::dataset
