#include "vl/dub/spoken_text.h"

#include "vl/core/error.h"
#include "vl/dub/stored_prompt.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/sentences.h"
#include "vl/text/vallex_text.h"

namespace vl::dub {

namespace {

const std::vector<std::string> kFrontEnds = {"en", "ja", "ko", "zh"};

}  // namespace

text::UserLexicon pronunciations(const TextOptions& options, const weights::Pack& pack,
                                 const std::string& voice) {
  text::UserLexicon all;
  for (const weights::PackLexicon& l : pack.lexicons) {
    text::UserLexicon own;
    own.add_file(l.file.string());
    for (text::LexiconEntry entry : own.entries()) {
      entry.language = l.lang;
      all.add(entry);
    }
  }
  for (const std::string& file : options.lexicon) all.add_file(file);
  text::UserLexicon out;
  for (const text::LexiconEntry& entry : all.entries())
    if (entry.voice == "*" || entry.voice == voice) out.add(entry);
  return out;
}

Phonemes show_phonemes(const std::string& text, const std::string& lang, TextUnit unit,
                       const text::UserLexicon& lexicon, const std::string& assets_dir) {
  Phonemes out{.lang = lang == "auto" ? offered_language("auto", text, kFrontEnds) : lang};
  const text::FrontEnds front_ends(assets_dir, lexicon);
  std::vector<std::string> lines = {text};
  if (out.lang != "mix")
    lines = unit == TextUnit::kSentence
                ? text::split_sentences(text, out.lang)
                : std::vector<std::string>{text::as_one_line(text, out.lang)};
  for (const std::string& line : lines) {
    text::VallexTokens tokens;
    try {
      tokens = text::vallex_tokens(line, out.lang, front_ends);
    } catch (const Error& e) {
      if (e.code() != Code::kBadText || lines.size() == 1) throw;
      continue;  // marks only
    }
    out.lines.push_back(out.tokens.size());
    for (const uint32_t code : text::decode_utf8(tokens.phonemes)) {
      std::string symbol;
      text::append_utf8(symbol, code == ' ' ? '_' : code);
      out.tokens.push_back(symbol);
    }
    out.normalized += (out.normalized.empty() ? "" : " ") + front_ends.normalised(line, out.lang);
    out.ids.insert(out.ids.end(), tokens.ids.begin(), tokens.ids.end());
    out.unknown_words.insert(out.unknown_words.end(), tokens.unknown_words.begin(),
                             tokens.unknown_words.end());
  }
  if (out.ids.empty()) throw text::nothing_to_speak();
  return out;
}

nlohmann::ordered_json to_json(const Phonemes& p) {
  return {{"lang", p.lang},
          {"normalized", p.normalized},
          {"tokens", p.tokens},
          {"ids", p.ids},
          {"unknown_words", p.unknown_words}};
}

}  // namespace vl::dub
