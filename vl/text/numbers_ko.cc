#include "vl/text/numbers_ko.h"

#include <algorithm>
#include <array>

#include "vl/text/hangul.h"

namespace vl::text {

namespace {

constexpr std::u32string_view kDigits = U"영일이삼사오육칠팔구";
constexpr size_t kMostDigits = 20;
/// Native numerals up to: always, usual in daily counting, and only small ones.
constexpr int kAge = 99, kThings = 39, kFew = 20, kHours = 12, kSino = 0;

/// ㄹ of 일 칠 팔 makes ㄷ ㅅ ㅈ of a Sino-Korean counter tense (article 26).
constexpr std::array<std::u32string_view, 37> kSinoTensed = {
    U"등",   U"단계", U"단",   U"대",   U"도",   U"동",   U"등급", U"등분", U"사단", U"석",
    U"선",   U"세",   U"세기", U"세대", U"시",   U"식",   U"실",   U"심",   U"장",   U"절",
    U"점",   U"조",   U"종",   U"주",   U"주일", U"주기", U"주년", U"중",   U"진",   U"승",
    U"소대", U"자",   U"집",   U"정",   U"중대", U"대대", U"성"};

constexpr Counter kCounters[] = {
    {U"살", kAge, false},        {U"번째", kAge, false},      {U"개", kThings, false},
    {U"마리", kThings, false},   {U"잔", kThings, false},     {U"병", kThings, false},
    {U"권", kThings, false},     {U"벌", kThings, false},     {U"켤레", kThings, false},
    {U"송이", kThings, false},   {U"그루", kThings, false},   {U"자루", kThings, false},
    {U"가지", kThings, false},   {U"달", kThings, false},     {U"장", kThings, false},
    {U"명", kThings, false},     {U"사람", kThings, false},   {U"시간", kFew, false},
    {U"대", kFew, false},        {U"채", kFew, false},        {U"척", kFew, false},
    {U"쌍", kFew, false},        {U"곳", kFew, false},        {U"군데", kFew, false},
    {U"줄", kFew, false},        {U"통", kFew, false},        {U"봉지", kFew, false},
    {U"상자", kFew, false},      {U"조각", kFew, false},      {U"그릇", kFew, false},
    {U"숟가락", kFew, false},    {U"접시", kFew, false},      {U"모금", kFew, false},
    {U"판", kFew, false},        {U"바퀴", kFew, false},      {U"차례", kFew, false},
    {U"끼", kFew, false},        {U"방울", kFew, false},      {U"알", kFew, false},
    {U"톨", kFew, false},        {U"포기", kFew, false},      {U"다발", kFew, false},
    {U"묶음", kFew, false},      {U"배", kFew, false},        {U"건", kFew, false},
    {U"팀", kFew, false},        {U"종류", kFew, false},      {U"과목", kFew, false},
    {U"칸", kFew, false},        {U"겹", kFew, false},        {U"갈래", kFew, false},
    {U"골", kFew, false},        {U"번", kFew, false},        {U"편", kFew, false},
    {U"곡", kFew, false},        {U"문제", kFew, false},      {U"세트", kFew, false},
    {U"박스", kFew, false},      {U"팩", kFew, false},        {U"캔", kFew, false},
    {U"컵", kFew, false},        {U"스푼", kFew, false},      {U"큰술", kFew, false},
    {U"작은술", kFew, false},    {U"티스푼", kFew, false},    {U"걸음", kFew, false},
    {U"발자국", kFew, false},    {U"마디", kFew, false},      {U"자리", kFew, false},
    {U"자릿수", kFew, false},    {U"식구", kFew, false},      {U"나라", kFew, false},
    {U"경기", kFew, false},      {U"게임", kFew, false},      {U"글자", kFew, false},
    {U"단어", kFew, false},      {U"문장", kFew, false},      {U"손가락", kFew, false},
    {U"뿌리", kFew, false},      {U"모", kFew, false},        {U"토막", kFew, false},
    {U"해째", kFew, false},      {U"시", kHours, false},      {U"시쯤", kHours, false},
    {U"개월", kSino, false},     {U"개국", kSino, false},     {U"개년", kSino, false},
    {U"개소", kSino, false},     {U"개사", kSino, false},     {U"개교", kSino, false},
    {U"개조", kSino, false},     {U"개항", kSino, false},     {U"개점", kSino, false},
    {U"개 대학", kSino, false},  {U"대손", kSino, false},     {U"장조", kSino, false},
    {U"년", kSino, true},        {U"연대", kSino, true},      {U"월", kSino, true},
    {U"일", kSino, true},        {U"인분", kSino, true},      {U"인", kSino, true},
    {U"인승", kSino, true},      {U"인실", kSino, true},      {U"분", kSino, false},
    {U"초", kSino, false},       {U"주", kSino, false},       {U"주일", kSino, true},
    {U"주년", kSino, false},     {U"세", kSino, false},       {U"세기", kSino, false},
    {U"세대", kSino, false},     {U"층", kSino, false},       {U"도", kSino, false},
    {U"회", kSino, false},       {U"위", kSino, false},       {U"등", kSino, false},
    {U"등급", kSino, false},     {U"단계", kSino, false},     {U"호", kSino, false},
    {U"호선", kSino, false},     {U"동", kSino, false},       {U"조", kSino, false},
    {U"절", kSino, false},       {U"점", kSino, false},       {U"학년", kSino, false},
    {U"교시", kSino, false},     {U"원", kSino, false},       {U"달러", kSino, false},
    {U"차", kSino, false},       {U"차선", kSino, false},     {U"종", kSino, false},
    {U"선", kSino, false},       {U"단", kSino, false},       {U"분기", kSino, false},
    {U"시즌", kSino, false},     {U"판매", kSino, false},     {U"번지", kSino, false},
    {U"번길", kSino, false},     {U"번가", kSino, false},     {U"번홈", kSino, false},
    {U"장관", kSino, false},     {U"배수", kSino, false},     {U"병동", kSino, false},
    {U"통신", kSino, false},     {U"줄기", kFew, false},      {U"분의", kSino, true},
    {U"유로", kSino, false},     {U"파운드", kSino, false},   {U"위안", kSino, false},
    {U"엔", kSino, false},       {U"퍼센트", kSino, false},   {U"프로", kSino, false},
    {U"킬로", kSino, false},     {U"킬로미터", kSino, false}, {U"미터", kSino, false},
    {U"센티", kSino, false},     {U"센티미터", kSino, false}, {U"밀리미터", kSino, false},
    {U"킬로그램", kSino, false}, {U"그램", kSino, false},     {U"톤", kSino, false},
    {U"리터", kSino, false},     {U"평", kSino, false},       {U"인치", kSino, false},
    {U"페이지", kSino, false},   {U"쪽", kSino, false},       {U"포인트", kSino, false},
    {U"학점", kSino, false},     {U"가구", kSino, false},     {U"바이트", kSino, false},
    {U"기가", kSino, false},     {U"메가", kSino, false},     {U"와트", kSino, false},
    {U"볼트", kSino, false},     {U"칼로리", kSino, false},   {U"라운드", kSino, false},
    {U"득점", kSino, false},     {U"표", kSino, false},       {U"제곱미터", kSino, false},
    {U"헥타르", kSino, false},   {U"배럴", kSino, false},     {U"픽셀", kSino, false}};

std::u32string group_of_four(std::u32string_view four) {
  static constexpr std::u32string_view kUnits = U"천백십";
  std::u32string out;
  for (size_t i = 0; i < four.size(); ++i) {
    const auto digit = static_cast<size_t>(four[i] - U'0');
    const size_t place = four.size() - 1 - i;  // 0 for the ones
    if (digit == 0) continue;
    if (digit != 1 || place == 0) {
      if (digit == 6 && !out.empty()) out += kAddNMark;  // 십육 [심뉵]
      out += kDigits[digit];
    }
    if (place == 0) continue;
    if (place == 1 && (digit == 7 || digit == 8)) out += kTenseMark;  // 칠십 [칠씹]
    out += kUnits[3 - place];
  }
  return out;
}

bool ends_in_l_numeral(std::u32string_view number) {
  return !number.empty() &&
         (number.back() == U'일' || number.back() == U'칠' || number.back() == U'팔');
}

int small_value(std::u32string_view number) {
  if (number.empty() || number.size() > 3) return 1000;
  int value = 0;
  for (const char32_t c : number) {
    if (c < U'0' || c > U'9') return 1000;
    value = value * 10 + static_cast<int>(c - U'0');
  }
  return value;
}

}  // namespace

std::u32string read_digits(std::u32string_view digits, char32_t zero) {
  std::u32string out;
  for (const char32_t c : digits) {
    if (c == U'6' && !out.empty() && split_syllable(out.back()).coda != coda::None)
      out += kAddNMark;
    out += c == U'0' ? zero : kDigits[c - U'0'];
  }
  return out;
}

std::u32string sino_number(std::u32string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of(U'0'), digits.size()));
  if (digits.empty()) return U"영";
  if (digits.size() > kMostDigits) return read_digits(digits, U'영');
  static constexpr std::u32string_view kBig = U"만억조경";
  std::u32string out;
  for (size_t begin = 0; begin < digits.size();) {
    const size_t left = digits.size() - begin, length = (left - 1) % 4 + 1;
    const size_t power = (left - length) / 4;
    std::u32string group = group_of_four(digits.substr(begin, length));
    begin += length;
    if (group.empty()) continue;
    if (power == 1 && group == U"일" && out.empty()) group.clear();  // 만, not 일만
    if (power == 3 && ends_in_l_numeral(group)) group += kTenseMark;
    if (power > 0) group += kBig[power - 1];
    if (!out.empty()) out += U' ';
    if (!out.empty()) out += group[0] == U'육' ? kAddNMark : kBoundaryMark;
    out += group;
  }
  return out;
}

std::u32string decimal_number(std::u32string_view number) {
  const size_t dot = number.find(U'.');
  std::u32string out = sino_number(number.substr(0, dot));
  for (size_t at = dot; at < number.size();) {
    const size_t next = std::min(number.find(U'.', at + 1), number.size());
    out += U' ';
    out += kTenseMark;
    out += U"점 ";
    out += kBoundaryMark;
    out += read_digits(number.substr(at + 1, next - at - 1), U'영');
    at = next;
  }
  return out;
}

std::u32string native_number(int value, bool counting) {
  static constexpr std::array<std::u32string_view, 10> kTens = {
      U"", U"열", U"스물", U"서른", U"마흔", U"쉰", U"예순", U"일흔", U"여든", U"아흔"};
  static constexpr std::array<std::u32string_view, 10> kOnes = {
      U"", U"하나", U"둘", U"셋", U"넷", U"다섯", U"여섯", U"일곱", U"여덟", U"아홉"};
  static constexpr std::array<std::u32string_view, 5> kShort = {U"", U"한", U"두", U"세", U"네"};
  if (counting && value == 20) return U"스무";
  std::u32string out(kTens[static_cast<size_t>(value / 10)]);
  const auto ones = static_cast<size_t>(value % 10);
  out += counting && ones < kShort.size() ? kShort[ones] : kOnes[ones];
  return out;
}

std::optional<Counter> find_counter(std::u32string_view text) {
  std::optional<Counter> best;
  for (const Counter& c : kCounters)
    if (text.substr(0, c.word.size()) == c.word && (!best || c.word.size() > best->word.size()))
      best = c;
  return best;
}

std::u32string number_before(std::u32string_view number, const Counter& counter) {
  const int value = small_value(number);
  const bool native = counter.native_up_to > 0 && value > 0 && value <= counter.native_up_to;
  if (counter.word == U"월" && value == 6) return U"유";
  if (counter.word == U"월" && value == 10) return U"시";
  std::u32string out = native ? native_number(value, true) : decimal_number(number);
  const std::u32string_view gap = counter.joined ? U"" : U" ";
  const bool tensed =
      !native && ends_in_l_numeral(out) &&
      std::find(kSinoTensed.begin(), kSinoTensed.end(), counter.word) != kSinoTensed.end();
  const bool eight_or_ten = native && (out.back() == U'열' || out.back() == U'덟');
  const bool adds_n = counter.word == U"연대";
  out += gap;
  if (tensed || eight_or_ten) out += kTenseMark;
  if (adds_n) out += kAddNMark;
  return out;
}

}  // namespace vl::text
