#include "vl/text/number_units_ko.h"

#include <algorithm>

#include "vl/text/hangul.h"
#include "vl/text/korean_verbs.h"
#include "vl/text/numbers_ko.h"

namespace vl::text {

namespace {

using View = std::u32string_view;

struct Unit {
  View sign, name, prefix;
};
constexpr Unit kUnits[] = {{U"km/h", U"킬로미터", U"시속"},
                           {U"m/s", U"미터", U"초속"},
                           {U"kg", U"킬로그램", U""},
                           {U"mg", U"밀리그램", U""},
                           {U"μg", U"마이크로그램", U""},
                           {U"g", U"그램", U""},
                           {U"t", U"톤", U""},
                           {U"km", U"킬로미터", U""},
                           {U"m", U"미터", U""},
                           {U"cm", U"센티미터", U""},
                           {U"mm", U"밀리미터", U""},
                           {U"μm", U"마이크로미터", U""},
                           {U"nm", U"나노미터", U""},
                           {U"m²", U"제곱미터", U""},
                           {U"km²", U"제곱킬로미터", U""},
                           {U"cm²", U"제곱센티미터", U""},
                           {U"m2", U"제곱미터", U""},
                           {U"km2", U"제곱킬로미터", U""},
                           {U"m³", U"세제곱미터", U""},
                           {U"cm³", U"세제곱센티미터", U""},
                           {U"ha", U"헥타르", U""},
                           {U"L", U"리터", U""},
                           {U"l", U"리터", U""},
                           {U"mL", U"밀리리터", U""},
                           {U"ml", U"밀리리터", U""},
                           {U"dL", U"데시리터", U""},
                           {U"kL", U"킬로리터", U""},
                           {U"cc", U"씨씨", U""},
                           {U"Hz", U"헤르츠", U""},
                           {U"kHz", U"킬로헤르츠", U""},
                           {U"MHz", U"메가헤르츠", U""},
                           {U"GHz", U"기가헤르츠", U""},
                           {U"W", U"와트", U""},
                           {U"kW", U"킬로와트", U""},
                           {U"MW", U"메가와트", U""},
                           {U"kWh", U"킬로와트시", U""},
                           {U"V", U"볼트", U""},
                           {U"A", U"암페어", U""},
                           {U"mAh", U"밀리암페어시", U""},
                           {U"B", U"바이트", U""},
                           {U"KB", U"킬로바이트", U""},
                           {U"kB", U"킬로바이트", U""},
                           {U"MB", U"메가바이트", U""},
                           {U"GB", U"기가바이트", U""},
                           {U"TB", U"테라바이트", U""},
                           {U"Mbps", U"메가비피에스", U""},
                           {U"Gbps", U"기가비피에스", U""},
                           {U"dB", U"데시벨", U""},
                           {U"px", U"픽셀", U""},
                           {U"fps", U"프레임", U""},
                           {U"ms", U"밀리초", U""},
                           {U"s", U"초", U""},
                           {U"h", U"시간", U""},
                           {U"min", U"분", U""},
                           {U"kcal", U"킬로칼로리", U""},
                           {U"cal", U"칼로리", U""},
                           {U"°C", U"도", U""},
                           {U"°F", U"도", U"화씨"},
                           {U"°", U"도", U""},
                           {U"hPa", U"헥토파스칼", U""},
                           {U"Pa", U"파스칼", U""},
                           {U"kt", U"킬로톤", U""},
                           {U"%p", U"퍼센트포인트", U""},
                           {U"%P", U"퍼센트포인트", U""},
                           {U"%", U"퍼센트", U""},
                           {U"‰", U"퍼밀", U""},
                           {U"rpm", U"알피엠", U""},
                           {U"ppm", U"피피엠", U""},
                           {U"$", U"달러", U""},
                           {U"₩", U"원", U""},
                           {U"€", U"유로", U""},
                           {U"£", U"파운드", U""},
                           {U"¥", U"엔", U""},
                           {U"inch", U"인치", U""},
                           {U"ft", U"피트", U""},
                           {U"mph", U"마일", U"시속"},
                           {U"bit", U"비트", U""},
                           {U"TFLOPS", U"테라플롭스", U""},
                           {U"USD", U"달러", U""},
                           {U"KRW", U"원", U""},
                           {U"EUR", U"유로", U""},
                           {U"kgf", U"킬로그램힘", U""}};

bool letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }
bool digit(char32_t c) { return c >= U'0' && c <= U'9'; }

/// Hangul that may follow a counter of one syllable; before anything else the syllable begins
/// another word (3판매점).
bool counter_ends(View rest) {
  static constexpr View kAfter =
      U"을를이가은는의에도만로으과와씩쯤정당짜째다부까간내후전동마뿐보라밖차넘하입들등여반안중상남"
      U"처조나랑든외급용별제"
      U"습였예야인배";
  return rest.empty() || !is_syllable(rest[0]) || kAfter.find(rest[0]) != View::npos;
}

View last_word(View before) {
  while (!before.empty() && before.back() == U' ') before.remove_suffix(1);
  const size_t blank = before.rfind(U' ');
  return blank == View::npos ? before : before.substr(blank + 1);
}

bool glued(View before) { return !before.empty() && before.back() != U' '; }

/// 3대 2, 3대0: a score.
bool is_score(View rest) {
  size_t at = !rest.empty() && rest[0] == U' ' ? 1 : 0;
  if (at >= rest.size() || !digit(rest[at])) return false;
  while (at < rest.size() && digit(rest[at])) ++at;
  return at == rest.size() || !is_syllable(rest[at]) ||
         View(U"로으이가은는의을에").find(rest[at]) != View::npos;
}

/// 3대 영양소, 2대 대통령: not machines, but a number of great things or of a generation.
bool counts_eras(View rest) {
  return starts_with_any(
      rest.substr(!rest.empty() && rest[0] == U' ' ? 1 : 0),
      {U"영양소", U"원칙", U"명절", U"종교", U"과제", U"강국",   U"의혹", U"거장",
       U"요소",   U"쟁점", U"기업", U"은행", U"도시", U"그룹",   U"비극", U"재벌",
       U"악재",   U"뉴스", U"총리", U"회장", U"국왕", U"대통령", U"사장", U"메이저",
       U"통신사", U"왕",   U"국회", U"총장", U"감독", U"의무",   U"목표", U"전략"});
}

/// Emergency numbers are read by their digits where nothing is counted.
bool is_emergency(View number, View after) {
  const bool known = number == U"112" || number == U"119" || number == U"114";
  return known && (after.empty() || !is_syllable(after[0]) ||
                   starts_with_any(after, {U"에", U"로", U"구", U"신", U"으"}));
}

/// Numbers that name a thing: always Sino-Korean.
bool is_label(View number, View before, View word, View rest) {
  const View last = last_word(before);
  if (ends_with(last, U"제") && last.size() == 1 && glued(before)) return true;
  if (word == U"번") {
    const View next = rest.substr(!rest.empty() && rest[0] == U' ' ? 1 : 0);
    return starts_with_any(last, {U"기호", U"버스", U"국도", U"등번호"}) ||
           starts_with_any(next, {U"출구",  U"문제",  U"버스",  U"홈",     U"타자",   U"선수",
                                  U"트랙",  U"국도",  U"방",    U"창구",   U"문항",   U"게이트",
                                  U"레인",  U"채널",  U"후보",  U"칸",     U"교향곡", U"마을버스",
                                  U"을 누", U"을 선", U"을 찍", U"지방도", U"지",     U"길"});
  }
  if (word == U"대") {
    const bool tens = number.size() == 2 && number[1] == U'0';
    return tens || is_score(rest) || counts_eras(rest);
  }
  return false;
}

/// 째 and 번째 have words of their own for the first numbers.
std::u32string ordinal(View number, View word) {
  const Counter counter{word, 99, false};
  if (word == U"번째")
    return number == U"1" ? U"첫 번째" : number_before(number, counter) + U"번째";
  if (number == U"1") return U"첫째";
  if (number.size() == 1 && number[0] >= U'2' && number[0] <= U'4')
    return native_number(static_cast<int>(number[0] - U'0'), false) + U"째";
  std::u32string out = number_before(number, counter);
  out.erase(out.find(U' '), 1);
  return out + U"째";
}

/// 3만 5천, 2억: the rest of a number in words.
std::u32string big_units(View after, size_t& used) {
  size_t n = 0;
  while (n < after.size() && View(U"십백천만억조경").find(after[n]) != View::npos) ++n;
  // 조 and 경 begin other words as well (경기, 조각)
  const bool large = n > 0 && (after[n - 1] == U'조' || after[n - 1] == U'경');
  if (large && n < after.size() && is_syllable(after[n]) &&
      !starts_with_any(after.substr(n),
                       {U"원", U"달러", U"엔", U"유로", U"위안", U"여", U"에", U"을", U"를"}))
    --n;
  used = n;
  return std::u32string(after.substr(0, n));
}

std::u32string sino_before_big(View number, View big) {
  std::u32string out = decimal_number(number);
  if (out == U"일" && View(U"십백천만").find(big[0]) != View::npos) out.clear();
  if (!out.empty() && (big[0] == U'조' || big[0] == U'십') &&
      (out.back() == U'일' || out.back() == U'칠' || out.back() == U'팔'))
    out += kTenseMark;
  return out + std::u32string(big);
}

std::u32string with_counter(View number, View before, View after, size_t gap, const Counter& found,
                            size_t& used) {
  Counter counter = found;
  const View rest = after.substr(gap + counter.word.size());
  if (is_label(number, before, counter.word, rest)) counter.native_up_to = 0;
  if (counter.word == U"대" && counter.native_up_to == 0 && gap == 0)
    counter.joined = number.size() == 2 && !is_score(rest);
  used = gap + counter.word.size();
  if (counter.word == U"번째") return ordinal(number, counter.word);
  const View last = last_word(before);
  if (last == U"제" && glued(before)) counter.joined = true;
  const bool score = counter.word == U"대" && !rest.empty() && digit(rest[0]);
  return number_before(number, counter) + std::u32string(counter.word) + (score ? U" " : U"");
}

}  // namespace

View unit_name(View text, size_t& length, View& prefix) {
  const Unit* best = nullptr;
  for (const Unit& unit : kUnits) {
    if (text.substr(0, unit.sign.size()) != unit.sign) continue;
    const View rest = text.substr(unit.sign.size());
    const bool inside =
        letter(unit.sign.back()) && !rest.empty() && (letter(rest[0]) || digit(rest[0]));
    if (!inside && (best == nullptr || unit.sign.size() > best->sign.size())) best = &unit;
  }
  if (best == nullptr) return {};
  length = best->sign.size();
  prefix = best->prefix;
  return best->name;
}

std::u32string read_with_unit(View number, View before, View after, size_t& used) {
  used = 0;
  const size_t gap = !after.empty() && after[0] == U' ' ? 1 : 0;
  size_t length = 0;
  View prefix;
  if (const View name = unit_name(after.substr(gap), length, prefix); !name.empty()) {
    used = gap + length;
    const std::u32string lead = prefix.empty() ? U"" : std::u32string(prefix) + U" ";
    return lead + number_before(number, {name, 0, false}) + std::u32string(name);
  }
  if (gap == 0) {
    if (const std::u32string big = big_units(after, used); !big.empty())
      return sino_before_big(number, big);
    if (starts_with_any(after, {U"째"}) && number.size() < 3) {
      used = 1;
      return ordinal(number, U"째");
    }
    if (starts_with_any(after, {U"여"})) return decimal_number(number);
  }
  const auto counter = find_counter(after.substr(gap));
  if (counter && (counter->word.size() > 1 || counter_ends(after.substr(gap + 1))))
    return with_counter(number, before, after, gap, *counter, used);
  return is_emergency(number, after) ? read_digits(number, U'영') : decimal_number(number);
}

}  // namespace vl::text
