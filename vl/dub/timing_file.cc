#include "vl/dub/timing_file.h"

#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "vl/core/error.h"

namespace vl::dub {

namespace {

using Json = nlohmann::ordered_json;

std::string ending(const std::string& path) {
  return std::filesystem::path(path).extension().string();
}

double milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

std::string plain(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
  return text;
}

Json to_json(const TimedText& t) {
  return {{"text", plain(t.text)},
          {"start_s", milliseconds(t.start_s)},
          {"end_s", milliseconds(t.end_s)}};
}

Json to_json(const std::vector<TimedText>& all) {
  Json out = Json::array();
  for (const TimedText& t : all) out.push_back(to_json(t));
  return out;
}

std::string as_json(const std::vector<TimedLine>& lines) {
  Json out = Json::array();
  for (const TimedLine& line : lines) {
    Json one = to_json(static_cast<const TimedText&>(line));
    one["words"] = to_json(line.words);
    one["symbols"] = to_json(line.symbols);
    out.push_back(std::move(one));
  }
  return Json{{"lines", out}}.dump(1) + "\n";
}

std::string as_tsv(const std::vector<TimedLine>& lines) {
  std::string out = "start_s\tend_s\tword\n";
  for (const TimedLine& line : lines)
    for (const TimedText& w : line.words)
      out += fmt::format("{:.3f}\t{:.3f}\t{}\n", w.start_s, w.end_s, plain(w.text));
  return out;
}

/// "00:01:02,345".
std::string srt_time(double seconds) {
  const long long ms = std::llround(seconds * 1000);
  return fmt::format("{:02}:{:02}:{:02},{:03}", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60,
                     ms % 1000);
}

std::string as_srt(const std::vector<TimedLine>& lines) {
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i)
    out += fmt::format("{}\n{} --> {}\n{}\n\n", i + 1, srt_time(lines[i].start_s),
                       srt_time(lines[i].end_s), plain(lines[i].text));
  return out;
}

}  // namespace

void check_timing_name(const std::string& path) {
  const std::string e = ending(path);
  if (e != ".json" && e != ".tsv" && e != ".srt")
    fail(Code::kBadValue, "--timing-out is \"{}\"; it takes a name in .json, .tsv or .srt", path);
}

std::string timing_text(const std::string& path, const std::vector<TimedLine>& lines) {
  const std::string e = ending(path);
  return e == ".json" ? as_json(lines) : e == ".tsv" ? as_tsv(lines) : as_srt(lines);
}

}  // namespace vl::dub
