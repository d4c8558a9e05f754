#include "vl/core/field_words.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "vl/core/config.h"
#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl {

using nlohmann::json;

namespace {

bool parse_bool(const std::string& text, const std::string& key) {
  if (text == "true" || text == "on" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "0" || text == "no") return false;
  fail(Code::kBadValue, "{} cannot be \"{}\"; it is true or false", key, text);
}

template <class T>
T parse_number(const std::string& text, const std::string& key) {
  T value{};
  const char* begin = text.data() + (text.rfind('+', 0) == 0 ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      std::isnan(static_cast<double>(value)))
    fail(Code::kBadValue, "{} cannot be \"{}\"; a {}number is wanted", key, text,
         std::is_integral_v<T> ? "whole " : "");
  return value;
}

/// @param piped whether another value was read from standard input
std::string text_value(const Field& f, const std::string& raw, bool& piped) {
  if (!f.text) return raw;
  std::string out = raw;
  if (raw == "-") {
    if (std::exchange(piped, true))
      fail(Code::kExclusiveFlags, "{} cannot be standard input too: another text is",
           flag_of(f.name));
    out = read_stdin(kMostText);
  } else if (raw.rfind("@@", 0) == 0) {
    out = raw.substr(1);
  } else if (raw.rfind('@', 0) == 0) {
    out = read_file(raw.substr(1), kMostText);
  }
  return clean_text(out, raw.rfind('@', 0) == 0 ? raw.substr(1) : "");
}

}  // namespace

json parse_words(const Field& f, const std::vector<std::string>& words, bool& piped) {
  const std::string last = words.empty() ? "" : words.back();
  const auto list = [&](auto&& one) {
    json out = json::array();
    for (const std::string& w : words) out.push_back(one(w));
    return out;
  };
  return std::visit(
      [&](auto* p) -> json {
        using T = std::remove_pointer_t<decltype(p)>;
        if constexpr (std::is_same_v<T, bool>) return parse_bool(last, f.name);
        if constexpr (std::is_same_v<T, int64_t>) return parse_number<int64_t>(last, f.name);
        if constexpr (std::is_same_v<T, double>) return parse_number<double>(last, f.name);
        if constexpr (std::is_same_v<T, std::string>) return text_value(f, last, piped);
        if constexpr (std::is_same_v<T, std::vector<int64_t>>)
          return list([&](auto& w) { return parse_number<int64_t>(w, f.name); });
        if constexpr (std::is_same_v<T, std::vector<double>>)
          return list([&](auto& w) { return parse_number<double>(w, f.name); });
        if constexpr (std::is_same_v<T, std::vector<std::string>>)
          return list([&](auto& w) { return text_value(f, w, piped); });
        fail(Code::kBadValue, "{} cannot be given as a flag", f.name);
      },
      f.value);
}

bool is_list(const Field& f) { return f.value.index() >= 4; }
bool is_switch(const Field& f) { return std::holds_alternative<bool*>(f.value); }

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> out;
  std::string part;
  for (const char c : text) {
    if (c == ',') {
      out.push_back(part);
      part.clear();
    } else if (c != ' ') {
      part += c;
    }
  }
  if (!part.empty() || !out.empty()) out.push_back(part);
  return out;
}

std::vector<std::string> without_inverse(const std::vector<std::string>& words,
                                         const std::map<std::string, std::string>& inverse) {
  std::vector<std::string> out;
  const auto inverted = [](const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool number = error == std::errc() && end == text.data() + text.size() && value != 0;
    return number ? fmt::format("{}", 1 / value) : text;
  };
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      out.insert(out.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    const size_t equals = words[i].find('=');
    const auto it = inverse.find(words[i].substr(0, equals));
    if (it == inverse.end()) {
      out.push_back(words[i]);
    } else if (equals != std::string::npos) {
      out.push_back(it->second + "=" + inverted(words[i].substr(equals + 1)));
    } else {
      out.push_back(it->second);
      if (i + 1 < words.size()) out.push_back(inverted(words[++i]));
    }
  }
  return out;
}

std::vector<std::string> with_bare_values(const std::vector<std::string>& words,
                                          const std::map<std::string, std::string>& bare) {
  std::vector<std::string> out;
  bool literal = false;
  for (size_t i = 0; i < words.size(); ++i) {
    out.push_back(words[i]);
    literal = literal || words[i] == "--";
    const auto known = bare.find(words[i]);
    if (literal || known == bare.end()) continue;
    const bool last = i + 1 == words.size();
    const bool number = !last && !words[i + 1].empty() &&
                        words[i + 1].find_first_not_of("0123456789") == std::string::npos;
    if (!number) out.push_back(known->second);
  }
  return out;
}

}  // namespace vl
