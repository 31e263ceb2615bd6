/// Rows as shards store them: gathered from three tables, and put into one.
#include "ops/stored_rows.h"

#include "ops/support.h"

namespace gigahop::ops {
namespace {

constexpr int64_t kOwned = 40;
constexpr int64_t kCached = 7;

/// Any bits at all, infinities and subnormal numbers too; NaN would differ from itself.
template <class T>
std::vector<T> some_rows(int64_t count, uint64_t tag) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) {
    const RandomWords words = random_words({1}, Purpose::kTest, tag, static_cast<uint64_t>(i), 0);
    if constexpr (std::is_same_v<T, float>) {
      values.push_back(to_normal(words[0], words[1]));
    } else {
      const T half{static_cast<uint16_t>(words[0])};
      values.push_back(std::isnan(to_float(half)) ? T{0x7c00} : half);
    }
  }
  return values;
}

template <class T>
double number(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return value;
  } else {
    return to_float(value);
  }
}

/// One table after the other is what the places count through.
template <class T>
void expect_gathered(int64_t rows, int64_t cols, int64_t num_owned, int64_t num_cached, int64_t num_fetched) {
  const std::vector<T> owned = some_rows<T>(num_owned * cols, 1);
  const std::vector<T> cached = some_rows<T>(num_cached * cols, 2);
  const std::vector<T> fetched = some_rows<T>(num_fetched * cols, 3);
  std::vector<T> all = owned;
  all.insert(all.end(), cached.begin(), cached.end());
  all.insert(all.end(), fetched.begin(), fetched.end());
  const int64_t num_places = num_owned + num_cached + num_fetched;
  std::vector<int64_t> places;
  std::vector<double> expected;
  for (int64_t r = 0; r < rows; ++r) {
    places.push_back(num_places - 1 - r * 13 % num_places);
    for (int64_t c = 0; c < cols; ++c) expected.push_back(number(all[static_cast<size_t>(places.back() * cols + c)]));
  }
  const auto check = [&]<class Device>(Device& dev) {
    const auto a = matrix_of<Device>(num_owned, cols, owned);
    const auto b = matrix_of<Device>(num_cached, cols, cached);
    const auto c = matrix_of<Device>(num_fetched, cols, fetched);
    DeviceMatrix<Device> gathered(rows, cols);
    gather_stored_rows<T, Device>(dev, {a.view(), b.view(), c.view()}, on_device<Device>(places), gathered);
    EXPECT_EQ(values_of(gathered), expected) << rows << " of " << cols;
  };
  Reference reference;
  check(reference);
  on_each_device(check);
}

template <class T>
class StoredRowsTest : public testing::Test {};
using StoredTypes = testing::Types<float, Float16, BFloat16>;
TYPED_TEST_SUITE(StoredRowsTest, StoredTypes);

TYPED_TEST(StoredRowsTest, are_gathered_from_tables_one_after_another_exactly) {
  for (const int64_t rows : {0, 1, 7, 65, 300}) {
    for (const int64_t cols : {1, 3, 12, 37, 132, 384}) expect_gathered<TypeParam>(rows, cols, kOwned, kCached, 11);
  }
  expect_gathered<TypeParam>(20'000, 12, 1000, 500, 700);
}

TYPED_TEST(StoredRowsTest, are_gathered_where_tables_are_empty) {
  expect_gathered<TypeParam>(9, 6, 0, 0, 5);
  expect_gathered<TypeParam>(9, 6, 0, 5, 0);
  expect_gathered<TypeParam>(9, 6, 5, 0, 0);
}

TYPED_TEST(StoredRowsTest, are_gathered_from_rows_that_start_anywhere) {
  constexpr int64_t kCols = 8;
  const std::vector<TypeParam> values = some_rows<TypeParam>(kOwned * kCols, 1);
  on_each_device([&]<class Device>(Device& dev) {
    const auto table = matrix_of<Device>(1, kOwned * kCols, values);
    const MatrixView<const TypeParam, Device> shifted(table.data() + 1, kOwned - 1, kCols);
    DeviceMatrix<Device> gathered(2, kCols);
    gather_stored_rows<TypeParam, Device>(dev, {shifted, {}, {}}, on_device<Device>(std::vector<int64_t>{5, 0}),
                                          gathered);
    const std::vector<double> found = values_of(gathered);
    for (int64_t c = 0; c < kCols; ++c) {
      EXPECT_EQ(found[static_cast<size_t>(c)], number(values[static_cast<size_t>(5 * kCols + 1 + c)]));
      EXPECT_EQ(found[static_cast<size_t>(kCols + c)], number(values[static_cast<size_t>(1 + c)]));
    }
  });
}

TEST(PutRows, overwrites_the_rows_of_its_slots_and_no_others) {
  constexpr int64_t kSlots = 400;
  for (const int64_t rows : {0, 1, 7, 300}) {
    for (const int64_t cols : {1, 6, 77}) {
      std::vector<int32_t> slots;
      std::vector<uint16_t> fresh;
      std::vector<uint16_t> expected(static_cast<size_t>(kSlots * cols), uint16_t{9});
      for (int64_t r = 0; r < rows; ++r) {
        slots.push_back(static_cast<int32_t>((r * 7 + 3) % kSlots));
        for (int64_t c = 0; c < cols; ++c) {
          fresh.push_back(static_cast<uint16_t>(1000 + r * cols + c));
          expected[static_cast<size_t>(slots.back() * cols + c)] = fresh.back();
        }
      }
      const auto check = [&]<class Device>(Device& dev) {
        auto table = matrix_of<Device>(kSlots, cols, std::vector(static_cast<size_t>(kSlots * cols), uint16_t{9}));
        const auto rows_put = matrix_of<Device>(rows, cols, fresh);
        put_rows<Device>(dev, on_device<Device>(slots), rows_put.view(), table.view());
        EXPECT_EQ(host_values(table), expected) << rows << " of " << cols;
      };
      Reference reference;
      check(reference);
      on_each_device(check);
    }
  }
}

TEST(TakeRows, copies_any_rows_in_any_order_bit_for_bit) {
  constexpr int64_t kTable = 50;
  for (const int64_t rows : {0, 1, 7, 300}) {
    for (const int64_t cols : {1, 6, 77}) {
      std::vector<uint16_t> table;
      for (int64_t i = 0; i < kTable * cols; ++i) table.push_back(static_cast<uint16_t>(7919 * i));
      std::vector<int64_t> taken;
      std::vector<uint16_t> expected;
      for (int64_t r = 0; r < rows; ++r) {
        taken.push_back((r * 17 + 49) % kTable);
        const auto row = table.begin() + taken.back() * cols;
        expected.insert(expected.end(), row, row + cols);
      }
      const auto check = [&]<class Device>(Device& dev) {
        const auto x = matrix_of<Device>(kTable, cols, table);
        auto y = matrix_of<Device>(rows, cols, std::vector<uint16_t>(expected.size()));
        take_rows<Device>(dev, on_device<Device>(taken), x.view(), y.view());
        EXPECT_EQ(host_values(y), expected) << rows << " of " << cols;
      };
      Reference reference;
      check(reference);
      on_each_device(check);
    }
  }
}

}  // namespace
}  // namespace gigahop::ops
