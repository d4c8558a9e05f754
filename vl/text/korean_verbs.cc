#include "vl/text/korean_verbs.h"

#include <algorithm>
#include <array>
#include <string>

namespace vl::text {

namespace {

constexpr std::array<std::u32string_view, 55> kTenseStems = {
    U"껴안",   U"끌어안", U"떠안",   U"부둥켜안", U"얼싸안", U"감싸안", U"쓸어안", U"안",
    U"신",     U"덧신",   U"감",     U"휘감",     U"되감",   U"눈감",   U"남",     U"살아남",
    U"넘",     U"뛰어넘", U"타넘",   U"담",       U"몸담",   U"귀담",   U"주워담", U"참",
    U"숨",     U"심",     U"품",     U"검",       U"뿜",     U"내뿜",   U"삼",     U"일삼",
    U"문제삼", U"다듬",   U"가다듬", U"쓰다듬",   U"더듬",   U"보듬",   U"머금",   U"서슴",
    U"곪",     U"굶",     U"닮",     U"빼닮",     U"삶",     U"구워삶", U"옮",     U"젊",
    U"거머안", U"내리감", U"벗삼",   U"싸안",     U"붙안",   U"되넘",   U"말미암"};

/// Words that begin like a stem with its ending and are none.
constexpr std::array<std::u32string_view, 48> kNouns = {
    U"남자",   U"남기", U"남소",   U"남세", U"감자", U"감기",   U"감지",   U"감소",
    U"감세",   U"신자", U"신세",   U"신소", U"신기", U"신고",   U"신지",   U"신다",
    U"신데",   U"안다", U"안기",   U"안자", U"안세", U"안소",   U"넘기",   U"담기",
    U"담소",   U"담자", U"숨기",   U"숨지", U"심지", U"심기",   U"참고",   U"참게",
    U"참기",   U"참소", U"검지",   U"검소", U"검다", U"삼자대", U"삼고초", U"삼세",
    U"삼지창", U"삼기", U"삼다수", U"품세", U"굶기", U"옮기",   U"곪기",   U"담다"};

bool any_of(std::u32string_view text, std::initializer_list<std::u32string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool object(std::u32string_view word) { return ends_with(word, U"을") || ends_with(word, U"를"); }

bool footwear(std::u32string_view word) {
  return object(word) &&
         starts_with_any(word, {U"신발", U"구두", U"양말", U"운동화", U"장화", U"슬리퍼", U"부츠",
                                U"신을", U"실내화", U"스타킹", U"고무신", U"하이힐", U"등산화",
                                U"샌들", U"버선", U"군화", U"스케이트", U"축구화", U"덧신"});
}

/// A word of kNouns that its neighbours make a verb.
bool verb_in_context(std::u32string_view word, std::u32string_view previous,
                     std::u32string_view next) {
  const bool negated = starts_with_any(next, {U"않", U"못", U"말", U"마", U"아니"});
  if (any_of(word, {U"감지", U"숨지", U"심지", U"검지", U"신지", U"신지도", U"숨지도"}))
    return negated;
  if (any_of(word, {U"신고", U"신기", U"신다", U"신고서"}))
    return footwear(previous) ||
           (word == U"신고" && starts_with_any(next, {U"다니", U"걷", U"뛰"}));
  if (any_of(word, {U"심기", U"심기를", U"심기는"}))
    return object(previous) || starts_with_any(previous, {U"나무", U"꽃", U"모"});
  if (any_of(word, {U"참고", U"참고만"}))
    return starts_with_any(next, {U"견디", U"기다", U"버티", U"살", U"있", U"넘어", U"또", U"지내",
                                  U"일하", U"참"}) ||
           any_of(previous, {U"화를", U"눈물을", U"고통을", U"웃음을", U"아픔을", U"숨을",
                             U"울음을", U"꾹", U"추위를", U"졸음을", U"분을", U"조금만"});
  if (any_of(word, {U"참기", U"참기가", U"참기는", U"참기도", U"참기를", U"참기만", U"참기로",
                    U"굶기를", U"굶기는", U"굶기도", U"굶기만", U"삼기로", U"남기로"}))
    return true;
  if (any_of(word,
             {U"담다", U"담자", U"검다", U"검다고", U"담다가", U"담다니", U"참게", U"참게나"}))
    return word != U"참게";
  if (any_of(word, {U"안기에", U"담기에", U"넘기에", U"감기에", U"남기에"})) return false;
  return any_of(word, {U"안자마자", U"신자마자", U"담자마자", U"심지만", U"감지만", U"신지만",
                       U"검지만", U"숨지만", U"안다가", U"감다가", U"신다가"});
}

}  // namespace

bool noun_in_l(std::u32string_view word) {
  static const std::u32string kWords =
      U"글길꼴꿀날널놀달돌둘들딸말물발벌별불뿔살설솔술실알얼열일잘"
      U"절줄질칠칼탈털틀팔풀필골굴을를늘빌밀덜걸";
  return word.size() == 1 && kWords.find(word[0]) != std::u32string::npos;
}

bool starts_with_any(std::u32string_view text, std::initializer_list<std::u32string_view> heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [&](std::u32string_view h) { return text.substr(0, h.size()) == h; });
}

bool ends_with(std::u32string_view text, std::u32string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

bool begins_with_ending(std::u32string_view text) {
  return starts_with_any(
             text, {U"고", U"게", U"거나", U"거든", U"거니", U"거라", U"거리", U"거렸", U"거린",
                    U"겠", U"기", U"다",   U"던",   U"더니", U"더라", U"더군", U"도록", U"든",
                    U"듯", U"지", U"자",   U"죠",   U"소",   U"습",   U"세"}) &&
         !starts_with_any(text, {U"자동", U"대회", U"대학", U"지역", U"기업", U"기술", U"소리"});
}

size_t tense_stem_length(std::u32string_view word, std::u32string_view previous,
                         std::u32string_view next) {
  for (const std::u32string_view noun : kNouns)
    if (word.substr(0, noun.size()) == noun && !verb_in_context(word, previous, next)) return 0;
  size_t longest = 0;
  for (const std::u32string_view stem : kTenseStems)
    if (word.substr(0, stem.size()) == stem && begins_with_ending(word.substr(stem.size())))
      longest = std::max(longest, stem.size());
  return longest;
}

bool is_dependent_noun(std::u32string_view noun, std::u32string_view after) {
  if (any_of(noun, {U"수밖에", U"수밖엔"})) return true;
  if (any_of(noun, {U"수", U"수가", U"수는", U"수도", U"수만", U"수야"}))
    return starts_with_any(after, {U"있", U"없", U"많"});
  if (any_of(noun, {U"줄", U"줄은", U"줄도", U"줄을", U"줄만"}))
    return starts_with_any(after, {U"알", U"모르", U"몰", U"아"});
  if (any_of(noun,
             {U"적",   U"적에", U"적이", U"적은", U"적도", U"바",     U"바를",   U"바가", U"바는",
              U"바에", U"바와", U"데",   U"데가", U"데를", U"데는",   U"데도",   U"데에", U"데로",
              U"거",   U"게",   U"걸",   U"건",   U"겸",   U"자신이", U"자신은", U"자신"}))
    return true;
  return starts_with_any(
      noun, {U"것",   U"거야", U"거예", U"거에", U"거고", U"거지", U"거라", U"거면",   U"거니",
             U"거다", U"거잖", U"거냐", U"거죠", U"거든", U"거같", U"겁니", U"건지",   U"건가",
             U"건데", U"듯",   U"성싶", U"지경", U"법하", U"법한", U"법도", U"가능성", U"정도",
             U"게요", U"계획", U"작정", U"때",   U"사람", U"곳",   U"도리", U"방법"});
}

bool is_future_ending(std::u32string_view ending) {
  if (any_of(ending,
             {U"지",   U"지도", U"지는",   U"지가", U"지를", U"지에", U"게",   U"게요", U"걸",
              U"걸요", U"수",   U"수가",   U"수는", U"수도", U"줄",   U"줄은", U"데",   U"데가",
              U"밖에", U"바에", U"바에야", U"거",   U"소냐", U"사",   U"시고"}))
    return true;
  return starts_with_any(
      ending,
      {U"지라도", U"지언정", U"지니", U"지어다", U"진대", U"진저", U"수록", U"세라",  U"것",
       U"거야",   U"거예",   U"거에", U"거니",   U"거고", U"거라", U"거지", U"거죠",  U"겁니",
       U"건데",   U"건지",   U"듯",   U"수밖",   U"성싶", U"법하", U"법한", U"뿐더러"});
}

}  // namespace vl::text
