#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace vl {

/// What a column holds: nothing (not measured: `NA` in CSV, null in JSON), a word, or a number.
using BenchValue = std::variant<std::monostate, std::string, int64_t, double>;

/// One row of rows.csv (spec bench.md section 7, schema 1), written by `bench` and by `train`. A
/// new row has `schema` and nothing else.
class BenchRow {
 public:
  /// Names of all columns, in order. New ones are only appended; the schema number then rises.
  static const std::vector<std::string>& columns();

  BenchRow();
  /// @param column one of columns(): another name is our own mistake (std::logic_error)
  /// @param value numbers that are not finite count as not measured
  void set(const std::string& column, BenchValue value);
  const BenchValue& get(const std::string& column) const;
  /// The number of a column, or `otherwise` where it holds none.
  double number(const std::string& column, double otherwise = 0) const;

  /// The columns as keys, in order.
  nlohmann::ordered_json to_json() const;

 private:
  std::vector<BenchValue> values_;
};

/// RFC 4180: header and rows, lines ended by CRLF, fields with a comma, quote or line break quoted.
/// Numbers are the shortest text that reads back equal.
std::string bench_csv(const std::vector<BenchRow>& rows);

}  // namespace vl
