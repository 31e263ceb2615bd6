#include "report/chart.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "report/figure.h"
#include "report/html.h"
#include "report/run_data.h"

namespace gigahop::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Escaped, leaves_no_letter_that_html_could_take_for_its_own) {
  EXPECT_EQ(escaped("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST(Shortened, counts_letters_and_cuts_none_in_two) {
  EXPECT_EQ(shortened("four", 4), "four");
  EXPECT_EQ(shortened("longer", 4), "lon…");
  EXPECT_EQ(shortened("öäüöä", 5), "öäüöä");
  EXPECT_EQ(shortened("öäüöä", 4), "öäü…");
}

TEST(ShortText, picks_units) {
  EXPECT_EQ(short_text(12345, Unit::kNumber), "12.35 k");
  EXPECT_EQ(short_text(0.812, Unit::kPercent), "81.2 %");
  EXPECT_EQ(short_text(2048, Unit::kBytes), "2.0 KiB");
  EXPECT_EQ(short_text(0.0125, Unit::kSeconds), "12.5 ms");
  EXPECT_EQ(short_text(kNan, Unit::kNumber), "-");
}

TEST(Ticks, are_few_and_reach_over_the_values) {
  for (const auto& [low, high] :
       std::vector<std::pair<double, double>>{{0, 1}, {0.13, 0.131}, {-5, 1e9}, {3, 3}, {0, 0}}) {
    const std::vector<double> all = ticks(low, high, Unit::kNumber);
    EXPECT_LE(all.front(), low);
    EXPECT_GE(all.back(), high);
    EXPECT_GE(all.size(), 2U);
    EXPECT_LE(all.size(), 8U);
  }
  EXPECT_EQ(ticks(0, 3000, Unit::kBytes)[1], 1024);
}

TEST(LineChart, leaves_out_what_is_no_number) {
  const LineChart chart{.title = "loss", .series = {{"a<b", 0, Stroke::kSolid, {{1, 2}, {2, kNan}, {3, HUGE_VAL}}}}};
  const std::string html = figure(chart);
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf"), std::string::npos);
  EXPECT_NE(html.find("a&lt;b, epoch 1: 2"), std::string::npos);
  EXPECT_EQ(figure(LineChart{.title = "none", .series = {{"a", 0, Stroke::kSolid, {{1, kNan}}}}}), "");
}

TEST(NumberedBars, become_means_of_neighbours_where_there_are_many) {
  EXPECT_EQ(numbered_bars("rank", {{1}, {2}})[1].label, "rank 1");
  std::vector<std::vector<double>> many;
  for (int i = 0; i < 129; ++i) many.push_back({static_cast<double>(i)});
  const std::vector<Bar> bars = numbered_bars("rank", many);
  ASSERT_EQ(bars.size(), 43U);
  EXPECT_EQ(bars[1].label, "rank 3-5");
  EXPECT_EQ(bars[1].values[0], 4);
}

TEST(SummedHeatMap, keeps_the_sum_of_all_cells) {
  const HeatMap small = summed_heat_map(2, {{0, 1, 3}, {1, 0, 4}, {5, 0, 1}});
  EXPECT_EQ(small.values, (std::vector<double>{0, 3, 4, 0}));
  const HeatMap large = summed_heat_map(130, {{0, 2, 1}, {1, 1, 2}, {129, 0, 5}});
  EXPECT_EQ(large.names.size(), 44U);
  EXPECT_EQ(large.names[1], "3-5");
  EXPECT_EQ(large.names.back(), "129-129");
  EXPECT_EQ(large.values[0], 3);
  EXPECT_EQ(large.values[43 * 44], 5);
}

TEST(Degrees, fall_into_places_that_double) {
  EXPECT_EQ(degree_place(0), 0U);
  EXPECT_EQ(degree_place(1), 1U);
  EXPECT_EQ(degree_place(7), 3U);
  EXPECT_EQ(degree_place(8), 4U);
  EXPECT_EQ(degree_name(3), "4-7");
}

}  // namespace
}  // namespace gigahop::report
