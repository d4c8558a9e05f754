#include "vl/text/front_ends.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/english_ipa.h"
#include "vl/text/vallex_symbols.h"

namespace vl::text {

namespace {

/// Made on first use, by one thread. A failure is reported again to whoever comes next.
template <class T, class Slot, class Make>
const std::shared_ptr<const T>& made_once(Slot& slot, const Make& make) {
  std::call_once(slot.once, [&] { slot.value = make(); });
  return slot.value;
}

/// A stand-in for the user's n-th reading that no cleaner of English changes.
std::string stand_in(size_t n) {
  std::string digits;
  do digits += static_cast<char>('a' + n % 26);
  while ((n /= 26) > 0);
  return "qzqx" + digits + "xqzq";
}

std::vector<std::string> phones_of(const std::string& reading) {
  std::vector<std::string> out;
  std::string phone;
  for (const char c : reading + " ") {
    if (c != ' ') {
      phone += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!phone.empty()) {
      out.push_back(std::exchange(phone, ""));
    }
  }
  return out;
}

/// A reading in IPA. @param also symbols that the language's cleaner still turns into others
const std::string& checked_ipa(const LexiconEntry& e, const std::string& also = "") {
  const std::vector<uint32_t> more = decode_utf8(also + " ");
  for (const uint32_t c : decode_utf8(e.reading)) {
    if (vallex_symbol_id(c) != 0 || std::find(more.begin(), more.end(), c) != more.end()) continue;
    std::string symbol;
    append_utf8(symbol, c);
    refuse_reading(e, fmt::format("has \"{}\", which is no symbol of VALL-E X", symbol));
  }
  return e.reading;
}

/// IPA of a reading in phones or IPA.
std::string english_reading(const LexiconEntry& e) {
  if (e.is_ipa) return checked_ipa(e, "rʤʧ");
  const std::vector<std::string> phones = phones_of(e.reading);
  for (const std::string& phone : phones)
    if (phones_to_ipa({phone}).empty())
      refuse_reading(e, fmt::format("has no ARPAbet phone {}", phone));
  return phones_to_ipa(phones);
}

}  // namespace

FrontEnds::FrontEnds(std::string assets, const UserLexicon& lexicon) : assets_(std::move(assets)) {
  for (const char* language : {"en", "zh", "ja", "ko"})
    readings_[language] = lexicon.only(language, "");
}

const UserLexicon& FrontEnds::readings(const std::string& language) const {
  static const UserLexicon none;
  const auto it = readings_.find(language);
  return it == readings_.end() ? none : it->second;
}

std::shared_ptr<const Lexicon> FrontEnds::shared_dictionary() const {
  return made_once<Lexicon>(
      dictionary_, [&] { return std::make_shared<const Lexicon>(assets_ + "/text/cmudict-0.7b"); });
}

const ChineseFrontEnd& FrontEnds::chinese() const {
  return *made_once<ChineseFrontEnd>(
      chinese_, [&] { return std::make_shared<const ChineseFrontEnd>(assets_ + "/text/zh"); });
}

const JapaneseFrontEnd& FrontEnds::japanese() const {
  return *made_once<JapaneseFrontEnd>(japanese_,
                                      [&] { return std::make_shared<const JapaneseFrontEnd>(); });
}

const KoreanFrontEnd& FrontEnds::korean() const {
  return *made_once<KoreanFrontEnd>(korean_, [&] {
    return std::make_shared<const KoreanFrontEnd>(assets_ + "/text/ko", &readings("ko"),
                                                  shared_dictionary());
  });
}

std::string FrontEnds::english(const std::string& text, std::vector<std::string>* unknown) const {
  const UserLexicon& own = readings("en");
  std::map<std::string, std::string> spoken;
  std::string plain;
  for (size_t at = 0, length = 0; at < text.size(); at += length) {
    const LexiconEntry* e = own.match(text, at, length);
    if (e == nullptr) {
      plain += text[at];
      length = 1;
    } else if (!e->is_ipa && !e->is_phones) {
      plain += e->reading;
    } else {
      const std::string name = stand_in(spoken.size());
      spoken[name] = english_reading(*e);
      plain += name;
    }
  }
  return english_to_ipa(plain, dictionary(), unknown, &spoken);
}

/// Text through `speak`, the user's readings in IPA between its pieces.
template <class Speak>
std::string FrontEnds::around_readings(const std::string& text, const std::string& language,
                                       const Speak& speak) const {
  const UserLexicon& own = readings(language);
  std::string out, plain;
  const auto flush = [&] {
    if (!plain.empty()) out += speak(std::exchange(plain, ""));
  };
  for (size_t at = 0, length = 0; at < text.size(); at += length) {
    const LexiconEntry* e = own.match(text, at, length);
    if (e == nullptr) {
      plain += text[at];
      length = 1;
    } else if (e->is_phones) {
      refuse_reading(*e, "is in phones, which only English has here");
    } else if (!e->is_ipa) {
      plain += e->reading;
    } else {
      flush();
      out += checked_ipa(*e);
    }
  }
  flush();
  return out;
}

std::string FrontEnds::normalised(const std::string& text, const std::string& language) const {
  if (language == "en") return normalise_english(text);
  return language == "ko" ? korean().normalised(text) : text;
}

std::string FrontEnds::ipa(const std::string& text, const std::string& language,
                           std::vector<std::string>* unknown) const {
  if (language == "en") return english(text, unknown);
  if (language == "ko") return korean().ipa(text);
  if (language == "zh")
    return around_readings(text, "zh", [&](const std::string& t) { return chinese().ipa(t); });
  if (language == "ja")
    return around_readings(text, "ja", [&](const std::string& t) { return japanese().ipa(t); });
  throw Error(Code::kLanguageNotOffered,
              fmt::format("there is no text front end for {}, only en ja ko zh", language), {},
              {"give text in one of these languages"});
}

}  // namespace vl::text
