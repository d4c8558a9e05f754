#include "vl/text/normalise_ko.h"

#include <algorithm>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/text/hangul.h"
#include "vl/text/korean_verbs.h"
#include "vl/text/number_text_ko.h"
#include "vl/text/number_units_ko.h"
#include "vl/text/numbers_ko.h"

namespace vl::text {

namespace {

using View = std::u32string_view;

constexpr View kKept = U",.!?…~";
constexpr char32_t kFirstReading = 0xF0000;

bool digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }
bool word_char(char32_t c) { return digit(c) || letter(c) || is_syllable(c); }

/// One pass over folded text.
class Scanner {
 public:
  Scanner(View text, const LatinReader& latin) : text_(text), latin_(latin) {}

  std::u32string run() {
    while (at_ < text_.size()) step();
    while (!out_.empty() && out_.back() == U' ') out_.pop_back();
    return std::move(out_);
  }

 private:
  char32_t look(long offset) const {
    const long i = static_cast<long>(at_) + offset;
    return i < 0 || i >= static_cast<long>(text_.size()) ? U'\0' : text_[static_cast<size_t>(i)];
  }
  /// The nearest character that is no blank, before or after the current one.
  char32_t near(int direction) const {
    long offset = direction;
    while (look(offset) == U' ') offset += direction;
    return look(offset);
  }

  void put(View words) {
    for (const char32_t c : words)
      if (c != U' ' || (!out_.empty() && out_.back() != U' ')) out_ += c;
  }
  void put_word(View word) {
    put(U" ");
    put(word);
    put(U" ");
  }
  void put_mark(char32_t mark) {
    while (!out_.empty() && out_.back() == U' ') out_.pop_back();
    if (out_.empty() || out_.back() == mark) return;
    const bool two = kKept.find(out_.back()) != View::npos;
    if (two && mark == U',') return;
    if (two && out_.back() == U',') out_.pop_back();
    out_ += mark;
    put(U" ");
  }

  void step() {
    const char32_t c = text_[at_];
    if (is_syllable(c) || c >= kFirstReading) {
      out_ += c;
      ++at_;
    } else if (!listed_word() && !number() && !latin_word()) {
      if (is_lone_jamo(c))
        lone_jamo();
      else
        mark(c);
    }
  }

  bool listed_word() {
    const char32_t c = text_[at_], previous = look(-1);
    if ((!letter(c) && !digit(c)) || letter(previous) || digit(previous)) return false;
    std::u32string reading;
    const size_t n = latin_.listed(text_.substr(at_), reading);
    put(reading);
    at_ += n;
    return n > 0;
  }

  bool latin_word() {
    size_t n = 0;
    while (letter(look(static_cast<long>(n)))) ++n;
    if (n == 0) return false;
    View word = text_.substr(at_, n);
    at_ += n;
    // John's, don't: the dictionary has the apostrophe
    if (look(0) == U'\'' && letter(look(1)) && !letter(look(2))) {
      word = text_.substr(at_ - n, n + 2);
      at_ += 2;
    }
    put(latin_.read(word));
    return true;
  }

  bool number() {
    View sign, coin;
    size_t skip = 0, length = 0;
    const bool free = !word_char(look(-1)) && look(-1) != U'.';
    if (look(0) == U'-' && digit(look(1)) && free) {
      sign = U"마이너스 ";
      skip = 1;
    } else if (look(0) == U'+' && digit(look(1)) && free && !digit(near(-1))) {
      sign = U"플러스 ";
      skip = 1;
    } else if (View(U"$₩€£¥").find(look(0)) != View::npos && look(0) != U'\0' && digit(near(1))) {
      View ignored;
      coin = unit_name(text_.substr(at_, 1), length, ignored);
      skip = look(1) == U' ' ? 2 : 1;
    }
    if (!digit(look(static_cast<long>(skip)))) return false;
    at_ += skip;
    if (const View rest = after_number();
        sign == U"마이너스 " && starts_with_any(rest, {U"도", U" 도", U"°", U" °"}))
      sign = ends_with(out_, U"영하 ") ? View() : View(U"영하 ");
    put(sign);
    one_number(coin);
    return true;
  }

  View after_number() const {
    const NumberText n = scan_number(text_.substr(at_));
    return text_.substr(at_ + n.length);
  }

  void one_number(View coin) {
    do {
      const NumberText n = scan_number(text_.substr(at_));
      const NumberContext context{text_.substr(0, at_), text_.substr(at_ + n.length)};
      size_t used = 0;
      if (!word_char(look(-1))) out_ += kBoundaryMark;  // 총 육 명: no ㄴ is added
      put(read_number(n, context, used));
      at_ += n.length + used;
    } while (!coin.empty() && digit(look(0)));  // $3만5천
    if (!coin.empty()) {
      put(U" ");
      put(coin);
    }
    if (digit(near(1)) || letter(look(0))) put(letter(look(0)) ? U" " : U"");
  }

  void lone_jamo() {
    const size_t begin = at_;
    while (is_lone_jamo(look(0))) ++at_;
    const View run = text_.substr(begin, at_ - begin);
    if (run.size() > 1 && run.find_first_not_of(U"ㅠㅜㅡ") == View::npos) return;
    const bool laughs = run.find_first_not_of(U"ㅋㅎ") == View::npos;
    put(U" ");
    for (size_t i = 0; i < run.size() && (!laughs || i < 3); ++i) {
      if (laughs)
        out_ += run[i] == U'ㅋ' ? U'크' : U'흐';
      else
        put(to_u32(jamo_name(run[i])));
    }
  }

  void mark(char32_t c) {
    const char32_t before = near(-1), after = near(1);
    const bool sum = digit(after) && (digit(before) || before == U')');
    const bool tight = word_char(look(-1)) && word_char(look(1));
    ++at_;
    if (c == U'.' && letter(before) && letter(look(0)) && tight) return put_word(U"닷");
    if (c == U'.' && look(0) == U'.') {
      while (look(0) == U'.') ++at_;
      return put_mark(U'…');
    }
    if (c == U'~' && tight) return put(U"에서 ");
    if (kKept.find(c) != View::npos) return put_mark(c);
    switch (c) {
      case U';':
      case U':':
      case U'(':
      case U')':
      case U'[':
      case U']':
      case U'{':
      case U'}':
        return put_mark(U',');
      case U'&':
        return put_word(U"앤드");
      case U'@':
        return put_word(U"골뱅이");
      case U'#':
        return digit(after) ? put_word(U"넘버") : put(U" ");
      case U'+':
        return put_word(sum ? U"더하기" : U"플러스");
      case U'×':
      case U'*':
        return sum ? put_word(U"곱하기") : put(U" ");
      case U'÷':
        return sum ? put_word(U"나누기") : put(U" ");
      case U'-':
        return sum ? put_word(U"빼기") : put(U" ");
      case U'=':
        return equals();
      default:
        break;
    }
    size_t length = 0;
    View prefix;
    const View name = letter(c) ? View() : unit_name(text_.substr(at_ - 1, 1), length, prefix);
    if (!name.empty()) return put_word(name);
    const bool parts_words = View(U" /_|\\·→←↑↓•<>‘’").find(c) != View::npos;
    if (parts_words) put(U" ");
  }

  void equals() {
    while (!out_.empty() && out_.back() == U' ') out_.pop_back();
    if (out_.empty() || !is_syllable(out_.back())) return put(U" ");
    put(split_syllable(out_.back()).coda == coda::None ? U"는 " : U"은 ");
  }

  View text_;
  const LatinReader& latin_;
  size_t at_ = 0;
  std::u32string out_;
};

}  // namespace

KoreanNormaliser::KoreanNormaliser(const std::string& folder,
                                   std::shared_ptr<const Lexicon> cmudict)
    : latin_(folder + "/latin.tsv", std::move(cmudict)) {
  const std::string path = folder + "/hanja.txt";
  const std::u32string all = to_u32(read_file(path));
  hanja_.reserve(all.size() / 4 + 1);
  for (size_t i = 0; i + 3 < all.size(); i += 4) {
    if (all[i + 3] != U'\n')
      throw Error(Code::kBadLexicon, "needs a character and two syllables",
                  Where{.file = path, .line = static_cast<long>(i / 4) + 1});
    hanja_[all[i]] = all.substr(i + 1, 2);
  }
}

std::u32string KoreanNormaliser::without_hanja(View text) const {
  std::u32string out;
  for (const char32_t c : text) {
    const auto found = c >= 0x4E00 && c <= 0x9FFF ? hanja_.find(c) : hanja_.end();
    const bool inside = !out.empty() && word_char(out.back());
    out += found == hanja_.end() ? c : found->second[inside ? 1 : 0];
  }
  return out;
}

std::u32string KoreanNormaliser::normalise(View text) const {
  const std::u32string folded = without_hanja(fold_korean(text));
  return Scanner(folded, latin_).run();
}

}  // namespace vl::text
