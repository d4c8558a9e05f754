#include "vl/text/korean_words.h"

#include <algorithm>
#include <optional>

#include "vl/core/error.h"
#include "vl/text/korean_verbs.h"
#include "vl/text/list_lines.h"
#include "vl/text/numbers_ko.h"

namespace vl::text {

namespace {

/// Longer runs of Hangul without a blank are no words: their verb forms are not looked for.
constexpr size_t kLongestWord = 64;

std::optional<Seam> seam_of_mark(char32_t c) {
  switch (c) {
    case U'^':
      return Seam::kTense;
    case U'+':
      return Seam::kAddN;
    case U'|':
      return Seam::kBoundary;
    case U'=':
      return Seam::kPlain;
    default:
      return std::nullopt;
  }
}

std::unordered_set<std::u32string> read_words(const std::string& path) {
  std::unordered_set<std::u32string> out;
  out.reserve(1 << 15);
  each_line(path, [&](std::string_view line, long) { out.insert(to_u32(line)); });
  check(!out.empty(), Code::kBadLexicon, (path + " holds no words").c_str());
  return out;
}

Syllable last_of(std::u32string_view word) { return split_syllable(word.back()); }

std::u32string with_coda(std::u32string_view word, int coda) {
  std::u32string out(word);
  Syllable s = last_of(word);
  s.coda = coda;
  out.back() = static_cast<char32_t>(join_syllable(s));
  return out;
}

/// Words that end in 의 of their own: 회의, 사회주의, but not 사회의.
bool is_noun_in_ui(std::u32string_view word) {
  static const std::unordered_set<std::u32string> kNouns = {
      U"회의",   U"주의",   U"의의",   U"동의",     U"강의",        U"정의", U"논의", U"합의",
      U"예의",   U"협의",   U"건의",   U"문의",     U"유의",        U"거의", U"모의", U"결의",
      U"성의",   U"상의",   U"편의",   U"호의",     U"제의",        U"심의", U"토의", U"발의",
      U"질의",   U"항의",   U"함의",   U"명의",     U"고의",        U"임의", U"창의", U"적의",
      U"탈의",   U"숙의",   U"악의",   U"선의",     U"열의",        U"경의", U"민의", U"본의",
      U"자의",   U"수의",   U"대의",   U"광의",     U"내의",        U"사의", U"여의", U"부주의",
      U"무성의", U"재논의", U"재심의", U"불가사의", U"만장일치제의"};
  static const std::vector<std::u32string_view> kMeetings = {
      U"국무", U"정상", U"대책", U"안보", U"최고", U"간부", U"화상", U"비상",
      U"확대", U"전체", U"편집", U"대표", U"수석", U"긴급", U"본",   U"국제",
      U"학술", U"기획", U"업무", U"아침", U"주간", U"월간", U"가족"};
  if (kNouns.count(std::u32string(word)) != 0) return true;
  if (ends_with(word, U"주의")) return word.size() > 3;
  if (!ends_with(word, U"회의")) return false;
  const std::u32string_view head = word.substr(0, word.size() - 2);
  return std::any_of(kMeetings.begin(), kMeetings.end(),
                     [&](std::u32string_view m) { return ends_with(head, m); });
}

bool is_plain_onset(int o) { return tense_onset(o) != o; }

/// Verbs of one syllable whose form in 을 is no noun with its particle (물을, 집을 are).
bool verb_before_eul(std::u32string_view stem) {
  static const std::u32string kVerbs =
      U"먹읽있없않많싫잃앉얹받믿얻닫씻찾맞잊꽂맺갖낮늦좋넣놓낳쌓닿높깊갚덮엎싶잡뽑씹꼽좁맡같붙뱉닦"
      U"깎볶묶섞꺾겪"
      U"밟넓짧얇굶닮젊옮끊뚫앓옳핥훑읊긁밝늙맑굵붉작막썩익녹찍뜯걷굳쏟뻗곧참숨넘꿇걸들실지이나부그"
      U"저긋";
  return stem.size() == 1 && kVerbs.find(stem[0]) != std::u32string::npos;
}

}  // namespace

KoreanWord parse_seams(std::u32string_view marked) {
  KoreanWord out;
  Seam next = Seam::kInside;
  for (const char32_t c : marked) {
    if (const auto seam = seam_of_mark(c)) {
      next = *seam;
      continue;
    }
    out.text += c;
    out.seams.push_back(next);
    next = Seam::kInside;
  }
  return out;
}

KoreanWords::KoreanWords(const std::string& folder)
    : sino_(read_words(folder + "/sino.txt")),
      stems_(read_words(folder + "/stems.txt")),
      l_words_(read_words(folder + "/l_words.txt")) {
  read_exceptions(folder + "/exceptions.tsv");
}

void KoreanWords::read_exceptions(const std::string& path) {
  each_line(path, [&](std::string_view line, long number) {
    const size_t tab = line.find('\t');
    const std::u32string word = to_u32(line.substr(0, tab));
    const KoreanWord spoken =
        parse_seams(to_u32(tab == std::string_view::npos ? "" : line.substr(tab + 1)));
    if (word.empty() || spoken.text.size() != word.size() ||
        !std::all_of(spoken.text.begin(), spoken.text.end(), is_syllable))
      throw Error(Code::kBadLexicon, "needs a word, a tab and as many syllables of pronunciation",
                  Where{.file = path, .line = number});
    longest_ = std::max(longest_, word.size());
    exceptions_[word] = spoken;
  });
}

std::vector<Sound> KoreanWords::sounds(const std::vector<KoreanWord>& words) const {
  std::vector<Sound> out;
  for (size_t w = 0; w < words.size(); ++w) {
    const KoreanWord found = resolve(words, w);
    for (size_t i = 0; i < found.text.size(); ++i) {
      Sound sound{split_syllable(found.text[i]), found.seams[i], i == 0 && w > 0};
      if (sound.space && sound.seam == Seam::kInside) sound.seam = seam_between(words, w);
      out.push_back(sound);
    }
  }
  return out;
}

KoreanWord KoreanWords::resolve(const std::vector<KoreanWord>& words, size_t at) const {
  const std::u32string_view text = words[at].text;
  KoreanWord out{words[at].text, std::vector<Seam>(text.size(), Seam::kInside)};
  const bool word = text.size() <= kLongestWord;
  if (!word || !stem_with_ending(words, at, out)) sino_words(text, 0, out);
  if (word) future_ending(words, at, out);
  particle_ui(text, out);
  particle_gwa(words, at, out);
  for (size_t i = 0; i < text.size(); ++i)
    if (words[at].seams[i] != Seam::kInside) out.seams[i] = words[at].seams[i];
  return out;
}

bool KoreanWords::stem_with_ending(const std::vector<KoreanWord>& words, size_t at,
                                   KoreanWord& out) const {
  const std::u32string_view text = words[at].text;
  const std::u32string_view previous = at > 0 ? words[at - 1].text : std::u32string_view();
  const std::u32string_view next =
      at + 1 < words.size() ? words[at + 1].text : std::u32string_view();
  if (const size_t n = tense_stem_length(text, previous, next); n > 0) {
    out.seams[n] = Seam::kTense;
    return true;
  }
  // 알지, 살던: a native stem in ㄹ is no Sino-Korean word; the few that are both are in the list.
  static const std::unordered_set<std::u32string> kSinoFirst = {U"물자", U"일자", U"팔자", U"굴지",
                                                                U"말세", U"골자", U"글자", U"일지",
                                                                U"질소", U"불소", U"일소", U"날조"};
  if (text.size() < 2 || kSinoFirst.count(std::u32string(text.substr(0, 2))) != 0) return false;
  for (size_t n = text.size() - 1; n > 0; --n)
    if (last_of(text.substr(0, n)).coda == coda::L &&
        stems_.count(std::u32string(text.substr(0, n))) && begins_with_ending(text.substr(n)))
      return longest_exception(text, 0, true) == 0;
  return false;
}

/// 할지, 먹을게, 갈수록: the ending begins tense, also where it is written with a verb form in ㄹ.
void KoreanWords::future_ending(const std::vector<KoreanWord>& words, size_t at,
                                KoreanWord& out) const {
  const std::u32string_view text = words[at].text;
  for (size_t n = 1; n < text.size(); ++n) {
    if (last_of(text.substr(0, n)).coda != coda::L || !is_future_ending(text.substr(n))) continue;
    const std::u32string_view head = text.substr(0, n), ending = text.substr(n);
    const bool copula = head.back() == U'일' && n > 1;
    if (!copula && adnominal(head) == Verbal::kNo) continue;
    const bool plain_noun = noun_in_l(head) || stems_.count(std::u32string(head)) != 0;
    if (plain_noun && starts_with_any(ending, {U"거"})) continue;  // 불거지다, 설거지
    const bool liquid_stem = stems_.count(std::u32string(head)) != 0;
    const bool doubt =
        at + 1 < words.size() && starts_with_any(words[at + 1].text, {U"모", U"몰", U"궁금"});
    const bool last = at + 1 == words.size();
    if (liquid_stem && starts_with_any(ending, {U"지"}) && ending.size() < 3 && !doubt) continue;
    if (liquid_stem && ending == U"게" && !last) continue;
    if (liquid_stem && (head == U"길" || head == U"달" || head == U"멀") && ending == U"게")
      continue;
    if (ending == U"사" || ending == U"시고" || (noun_in_l(head) && ending == U"데")) continue;
    out.seams[n] = Seam::kTense;
    return;
  }
}

/// 정신과 몸: the particle 과 and the counter with 가 (한 대가) rather than 精神科 and 代價.
void KoreanWords::particle_gwa(const std::vector<KoreanWord>& words, size_t at,
                               KoreanWord& out) const {
  const std::u32string_view text = words[at].text;
  if (text.size() < 2 || out.seams.back() != Seam::kTense) return;
  if (text == U"대가" && at > 0) {
    const std::u32string_view before = words[at - 1].text;
    static const std::u32string kNumerals = U"한두세네섯곱덟홉열몇무";
    if (before == U"여러" || kNumerals.find(before.back()) != std::u32string::npos)
      out.seams[1] = Seam::kInside;
  }
  const bool particle = text.back() == U'과' && text != U"산부인과" && at + 1 < words.size() &&
                        split_syllable(text[text.size() - 2]).coda != coda::None;
  if (particle &&
      !starts_with_any(words[at + 1].text, {U"의사", U"병원", U"진료", U"전문", U"치료", U"교수",
                                            U"학생", U"선생", U"입원", U"상담", U"간호", U"전공"}))
    out.seams.back() = Seam::kInside;
}

/// Article 5: 의 that does not begin a word.
void KoreanWords::particle_ui(std::u32string_view written, KoreanWord& out) const {
  for (size_t i = 1; i < written.size(); ++i) {
    if (written[i] != U'의' || out.text[i] != U'의') continue;
    const bool particle = i + 1 == written.size() && !is_noun_in_ui(written);
    out.text[i] = particle ? U'에' : U'이';
  }
}

bool KoreanWords::is_stem(std::u32string_view stem) const {
  if (stem.empty()) return false;
  if (stems_.count(std::u32string(stem)) != 0) return true;
  for (const std::u32string_view tail :
       {U"하", U"되", U"시키", U"당하", U"스럽", U"롭", U"답", U"거리"})
    if (stem.size() > tail.size() && ends_with(stem, tail)) return true;
  // 도와주, 먹어보, 돌아오: a form in 아 or 어 with an auxiliary verb
  for (const std::u32string_view tail : {U"주", U"보", U"가", U"오", U"두", U"내", U"지", U"놓",
                                         U"버리", U"드리", U"있", U"나", U"대", U"계시"}) {
    if (stem.size() <= tail.size() || !ends_with(stem, tail)) continue;
    const Syllable before = split_syllable(stem[stem.size() - tail.size() - 1]);
    static const std::u32string kOpen = U"아어애여와워해";
    const Syllable bare{onset::None, before.vowel, before.coda};
    if (kOpen.find(static_cast<char32_t>(join_syllable(bare))) != std::u32string::npos) return true;
  }
  return false;
}

/// 을, 울 and stems that change before them: 걸을 (걷다), 지을 (짓다), 도울 (돕다), 그럴 (그렇다).
bool KoreanWords::contracted_stem(std::u32string_view word) const {
  const std::u32string_view head = word.substr(0, word.size() - 1);
  if (word.back() == U'을' && !head.empty()) {
    const Syllable s = last_of(head);
    static const std::u32string kVerbOnly = U"있없않많싫잃꿇뚫닳앓읽앉얹";
    if (s.coda == coda::SS || kVerbOnly.find(head.back()) != std::u32string::npos) return true;
    if (s.coda == coda::L) return is_stem(with_coda(head, coda::D));
    if (s.coda == coda::None) return is_stem(with_coda(head, coda::S));
    return is_stem(head);
  }
  if (word.back() == U'울' && !head.empty() && last_of(head).coda == coda::None)
    return is_stem(with_coda(head, coda::B)) || is_stem(with_coda(word, coda::None));
  return is_stem(with_coda(word, coda::H));
}

KoreanWords::Verbal KoreanWords::adnominal(std::u32string_view word) const {
  if (word.empty() || last_of(word).coda != coda::L) return Verbal::kNo;
  if (noun_in_l(word)) return Verbal::kMaybe;
  if (l_words_.count(std::u32string(word)) != 0) return Verbal::kNo;
  const std::u32string_view head = word.substr(0, word.size() - 1);
  if (word.back() == U'실' && !head.empty()) {  // honorific 하실, 읽으실
    const bool joined = ends_with(head, U"으") && is_stem(head.substr(0, head.size() - 1));
    if (joined || is_stem(head)) return Verbal::kYes;
  }
  if (word.back() == U'을' && head.size() == 1)
    return verb_before_eul(head)   ? Verbal::kYes
           : contracted_stem(word) ? Verbal::kMaybe
                                   : Verbal::kNo;
  if (word.back() == U'를') {
    static const std::u32string kPronouns = U"이그나너저도구주조누벼";
    const bool pronoun = head.size() == 1 && kPronouns.find(head[0]) != std::u32string::npos;
    if (stems_.count(with_coda(word, coda::None)) == 0) return Verbal::kNo;
    return pronoun ? Verbal::kMaybe : Verbal::kYes;
  }
  if (is_stem(with_coda(word, coda::None)) || stems_.count(std::u32string(word)) != 0)
    return Verbal::kYes;
  if (contracted_stem(word)) return Verbal::kYes;
  return word.back() == U'일' && word.size() > 1 ? Verbal::kMaybe : Verbal::kNo;
}

Seam KoreanWords::seam_between(const std::vector<KoreanWord>& words, size_t at) const {
  const std::u32string_view left = words[at - 1].text, right = words[at].text;
  const std::u32string_view after =
      at + 1 < words.size() ? words[at + 1].text : std::u32string_view();
  const Syllable first = split_syllable(right[0]);
  if ((left == U"여덟" || left == U"열") && find_counter(right)) return Seam::kTense;
  if (last_of(left).coda == coda::L && is_plain_onset(first.onset)) {
    const Verbal verbal = adnominal(left);
    if (verbal == Verbal::kYes || (verbal == Verbal::kMaybe && is_dependent_noun(right, after)))
      return Seam::kTense;
  }
  const bool work =
      starts_with_any(right, {U"일이다", U"일이야", U"일이에", U"일이었", U"일이지", U"일이라",
                              U"일인", U"일입", U"일해", U"일하", U"일까지", U"일에"}) ||
      right == U"일" || right == U"일이" || right == U"일을" || right == U"일은" ||
      right == U"일도" || right == U"일만" || right == U"일로";
  const bool spoken_together =
      left == U"못" || work ||
      starts_with_any(right, {U"입다", U"입고", U"입은", U"입을", U"입어", U"입었", U"입는",
                              U"입지", U"잎", U"엿", U"여섯", U"여덟"});
  return spoken_together ? Seam::kAddN : Seam::kBoundary;
}

}  // namespace vl::text
