#include "vl/dub/spoken_text.h"

#include "vl/dub/stored_prompt.h"
#include "vl/text/ascii_fold.h"
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

Phonemes show_phonemes(const std::string& text, const std::string& lang,
                       const text::UserLexicon& lexicon, const std::string& assets_dir) {
  Phonemes out{.lang = lang == "auto" ? offered_language("auto", text, kFrontEnds) : lang};
  const text::FrontEnds front_ends(assets_dir, lexicon);
  const text::VallexTokens tokens = text::vallex_tokens(text, out.lang, front_ends);
  out.normalized = front_ends.normalised(text, out.lang);
  for (const uint32_t code : text::decode_utf8(tokens.phonemes)) {
    std::string symbol;
    text::append_utf8(symbol, code == ' ' ? '_' : code);
    out.tokens.push_back(symbol);
  }
  out.ids = tokens.ids;
  out.unknown_words = tokens.unknown_words;
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
