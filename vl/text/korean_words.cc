#include "vl/text/korean_words.h"

#include <algorithm>
#include <optional>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/text/korean_verbs.h"

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

/// Calls use(line, number) for each line that is neither empty nor a comment.
template <class Use>
void each_line(const std::string& path, const Use& use) {
  const std::string text = clean_text(read_file(path), path);
  long number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line(text.data() + begin, end - begin);
    begin = end + 1;
    ++number;
    if (!line.empty() && line[0] != '#') use(line, number);
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

bool is_plain_onset(int o) { return tense_onset(o) != o; }

/// Nouns and adverbs of one syllable in ㄹ that are verb forms as well, and more often not.
bool noun_in_l(std::u32string_view word) {
  static const std::u32string kWords =
      U"글길꼴꿀날널놀달돌둘들딸말물발벌별불뿔살설솔술실알얼열일잘"
      U"절줄질칠칼탈털틀팔풀필골굴을를늘빌";
  return word.size() == 1 && kWords.find(word[0]) != std::u32string::npos;
}

/// Stems whose form in 을 is a noun with its particle as well: 집을, 물을.
bool noun_before_eul(std::u32string_view stem) {
  static const std::u32string kWords =
      U"집신안품감남담입못빗벗업박적죽곱굽빚낯젖짚물말길들솔술맘밤";
  return stem.size() == 1 && kWords.find(stem[0]) != std::u32string::npos;
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
  for (size_t i = 0; i < text.size(); ++i)
    if (words[at].seams[i] != Seam::kInside) out.seams[i] = words[at].seams[i];
  return out;
}

size_t KoreanWords::longest_exception(std::u32string_view text, size_t from, bool fresh) const {
  const size_t least = fresh ? 1 : 3;
  for (size_t n = std::min(longest_, text.size() - from); n >= least; --n)
    if (exceptions_.count(std::u32string(text.substr(from, n))) != 0) return n;
  return 0;
}

void KoreanWords::sino_words(std::u32string_view text, size_t from, KoreanWord& out) const {
  bool fresh = true;
  for (size_t i = from; i < text.size();) {
    if (const size_t n = longest_exception(text, i, fresh); n > 0) {
      const KoreanWord& found = exceptions_.at(std::u32string(text.substr(i, n)));
      for (size_t k = 0; k < n; ++k) {
        out.text[i + k] = found.text[k];
        if (k > 0 || found.seams[k] != Seam::kInside) out.seams[i + k] = found.seams[k];
      }
      i += n;
      fresh = true;
      continue;
    }
    const size_t n = sino_pair(text, i, out);
    fresh = n > 0;
    i += std::max<size_t>(n, 1);
  }
}

/// Article 26 in and right after a Sino-Korean word of two syllables, and article 20's ㄴㄹ.
size_t KoreanWords::sino_pair(std::u32string_view text, size_t i, KoreanWord& out) const {
  if (i + 2 > text.size() || sino_.count(std::u32string(text.substr(i, 2))) == 0) return 0;
  const Syllable a = split_syllable(text[i]), b = split_syllable(text[i + 1]);
  const auto dental = [](const Syllable& s) {
    return s.onset == onset::D || s.onset == onset::S || s.onset == onset::J;
  };
  if (a.coda == coda::L && dental(b)) out.seams[i + 1] = Seam::kTense;
  if (i + 3 > text.size() || sino_.count(std::u32string(text.substr(i + 2, 2))) != 0) return 2;
  static const std::u32string kTenseSuffixes = U"성적자사서죄증점상선설진전제장세심";
  static const std::u32string kNasalSuffixes = U"란량력령례로론료류률루";
  const char32_t suffix = text[i + 2];
  if (b.coda == coda::L && kTenseSuffixes.find(suffix) != std::u32string::npos) {
    out.seams[i + 2] = Seam::kTense;
    return 3;
  }
  if (b.coda == coda::N && kNasalSuffixes.find(suffix) != std::u32string::npos &&
      !(suffix == U'로' && i + 3 == text.size())) {
    Syllable s = split_syllable(suffix);
    s.onset = onset::N;
    out.text[i + 2] = static_cast<char32_t>(join_syllable(s));
    out.seams[i + 2] = Seam::kPlain;
    return 3;
  }
  return 2;
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

/// Article 5: 의 that does not begin a word.
void KoreanWords::particle_ui(std::u32string_view written, KoreanWord& out) const {
  static const std::unordered_set<std::u32string> kNouns = {
      U"회의", U"주의", U"의의", U"동의", U"강의", U"정의", U"논의", U"합의", U"예의", U"협의",
      U"건의", U"문의", U"유의", U"거의", U"모의", U"결의", U"성의", U"상의", U"편의", U"호의",
      U"제의", U"심의", U"신의", U"토의", U"발의", U"질의", U"항의", U"함의", U"명의", U"고의",
      U"임의", U"창의", U"적의", U"전의", U"하의", U"탈의", U"여의", U"숙의", U"평의", U"사의",
      U"악의", U"선의", U"호의", U"열의", U"경의", U"민의", U"저의", U"본의", U"타의", U"자의",
      U"수의", U"부의", U"도의", U"대의", U"광의", U"협의", U"내의", U"백의", U"상의"};
  for (size_t i = 1; i < written.size(); ++i) {
    if (written[i] != U'의' || out.text[i] != U'의') continue;
    const bool last = i + 1 == written.size();
    const bool noun = kNouns.count(std::u32string(written.substr(i - 1, 2))) != 0 &&
                      written != U"저의" && written != U"나의";
    out.text[i] = last && !noun ? U'에' : U'이';
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
  if (word.back() == U'을' && noun_before_eul(head)) return Verbal::kMaybe;
  if (word.back() == U'를' && stems_.count(with_coda(word, coda::None)) == 0) return Verbal::kNo;
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
  if (last_of(left).coda == coda::L && is_plain_onset(first.onset)) {
    const Verbal verbal = adnominal(left);
    if (verbal == Verbal::kYes || (verbal == Verbal::kMaybe && is_dependent_noun(right, after)))
      return Seam::kTense;
  }
  const bool work = starts_with_any(right, {U"일이", U"일을", U"일은", U"일도", U"일만", U"일까",
                                            U"일에", U"일로", U"일입", U"일해", U"일하"}) ||
                    right == U"일";
  const bool spoken_together =
      left == U"못" || work ||
      starts_with_any(right, {U"입다", U"입고", U"입은", U"입을", U"입어", U"입었", U"입는",
                              U"입지", U"잎", U"엿", U"여섯", U"여덟"});
  return spoken_together ? Seam::kAddN : Seam::kBoundary;
}

}  // namespace vl::text
