#include "vl/text/japanese_ipa.h"

#include "vl/text/ascii_fold.h"
#include "vl/text/japanese_labels.h"
#include "vl/text/japanese_marks.h"
#include "vl/text/japanese_symbols.h"
#include "vl/text/njd.h"

namespace vl::text {

std::string JapaneseFrontEnd::romaji(const std::string& run) const {
  njd::Words words = njd::parse_features(dictionary_.words(run));
  njd::set_pronunciation(words);
  njd::read_numbers(words);
  njd::join_phrases(words);
  njd::set_accents(words);
  njd::devoice(words);
  return mark_accents(make_labels(words));
}

std::string JapaneseFrontEnd::ipa(const std::string& text) const {
  constexpr uint32_t kPercent = 0xFF05;
  std::string out, run;
  const auto end_run = [&] {
    if (run.empty()) return;
    if (!out.empty()) out += " ";
    out += romaji(run);
    run.clear();
  };
  for (const uint32_t code : decode_utf8(text)) {
    if (code == kPercent) {
      run += "パーセント";
    } else if (is_japanese(code)) {
      append_utf8(run, widen(code));
    } else {
      end_run();
      out += fold_mark(code);
    }
  }
  end_run();
  return romaji_to_symbols(out);
}

}  // namespace vl::text
