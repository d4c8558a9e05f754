#include "vl/text/japanese_mora.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace vl::text {

namespace {

/// Moras of one consonant, blank-separated, and the vowel of each.
struct Row {
  std::string_view consonant, vowels, moras;
};

constexpr std::array kRows = std::to_array<Row>({
    {"", "aiueoaiueooei", "ア イ ウ エ オ ァ ィ ゥ ェ ォ ヲ ヱ ヰ"},
    {"k", "aiueoe", "カ キ ク ケ コ ヶ"},
    {"ky", "aueo", "キャ キュ キェ キョ"},
    {"kw", "a", "クヮ"},
    {"g", "aiueo", "ガ ギ グ ゲ ゴ"},
    {"gy", "aueo", "ギャ ギュ ギェ ギョ"},
    {"gw", "a", "グヮ"},
    {"s", "aiueo", "サ スィ ス セ ソ"},
    {"sh", "aiueo", "シャ シ シュ シェ ショ"},
    {"z", "aiuueo", "ザ ズィ ズ ヅ ゼ ゾ"},
    {"j", "aiiueo", "ジャ ジ ヂ ジュ ジェ ジョ"},
    {"t", "aiueo", "タ ティ トゥ テ ト"},
    {"ty", "auo", "テャ テュ テョ"},
    {"ch", "aiueo", "チャ チ チュ チェ チョ"},
    {"ts", "aiueo", "ツァ ツィ ツ ツェ ツォ"},
    {"d", "aiueo", "ダ ディ ドゥ デ ド"},
    {"dy", "auo", "デャ デュ デョ"},
    {"n", "aiueo", "ナ ニ ヌ ネ ノ"},
    {"ny", "aueo", "ニャ ニュ ニェ ニョ"},
    {"h", "aieo", "ハ ヒ ヘ ホ"},
    {"hy", "aueo", "ヒャ ヒュ ヒェ ヒョ"},
    {"f", "aiueo", "ファ フィ フ フェ フォ"},
    {"p", "aiueo", "パ ピ プ ペ ポ"},
    {"py", "aueo", "ピャ ピュ ピェ ピョ"},
    {"b", "aiueo", "バ ビ ブ ベ ボ"},
    {"by", "aueoauo", "ビャ ビュ ビェ ビョ ヴャ ヴュ ヴョ"},
    {"v", "aiueo", "ヴァ ヴィ ヴ ヴェ ヴォ"},
    {"m", "aiueo", "マ ミ ム メ モ"},
    {"my", "aueo", "ミャ ミュ ミェ ミョ"},
    {"y", "aueoauo", "ヤ ユ イェ ヨ ャ ュ ョ"},
    {"r", "aiueo", "ラ リ ル レ ロ"},
    {"ry", "aueo", "リャ リュ リェ リョ"},
    {"w", "aieoa", "ワ ウィ ウェ ウォ ヮ"},
});
constexpr size_t kKana = 3;  // bytes of one katakana

using Moras = std::unordered_map<std::string_view, Mora>;

Moras make_moras() {
  Moras out;
  for (const Row& row : kRows) {
    std::string_view moras = row.moras;
    for (size_t i = 0; i < row.vowels.size(); ++i) {
      const std::string_view kana = moras.substr(0, moras.find(' '));
      moras.remove_prefix(std::min(kana.size() + 1, moras.size()));
      const bool rare = kana == "ヶ" || kana.substr(kana.size() - kKana) == "ヮ";
      out[kana] = {kana, row.consonant, row.vowels.substr(i, 1), rare};
    }
  }
  out["ン"] = {"ン", "", "N", false};
  out["ッ"] = {"ッ", "", "cl", false};
  return out;
}

}  // namespace

const Mora* find_mora(std::string_view text) {
  static const Moras moras = make_moras();
  for (const size_t size : {2 * kKana, kKana}) {
    if (text.size() < size) continue;
    if (const auto it = moras.find(text.substr(0, size)); it != moras.end()) return &it->second;
  }
  return nullptr;
}

}  // namespace vl::text
