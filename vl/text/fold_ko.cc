#include <algorithm>
#include <array>
#include <map>

#include "vl/text/ascii_fold.h"
#include "vl/text/hangul.h"
#include "vl/text/normalise_ko.h"

namespace vl::text {

namespace {

const std::map<char32_t, std::u32string_view>& folds() {
  static const std::map<char32_t, std::u32string_view> kFolds = {
      {U'㎏', U"kg"},  {U'㎎', U"mg"}, {U'㎍', U"μg"},  {U'㎜', U"mm"},        {U'㎝', U"cm"},
      {U'㎞', U"km"},  {U'㎡', U"m²"}, {U'㎢', U"km²"}, {U'㎠', U"cm²"},       {U'㎥', U"m³"},
      {U'㎤', U"cm³"}, {U'ℓ', U"L"},   {U'㎖', U"mL"},  {U'㎗', U"dL"},        {U'㎘', U"kL"},
      {U'㏄', U"cc"},  {U'㎐', U"Hz"}, {U'㎑', U"kHz"}, {U'㎒', U"MHz"},       {U'㎓', U"GHz"},
      {U'㎾', U"kW"},  {U'㎿', U"MW"}, {U'㎅', U"KB"},  {U'㎆', U"MB"},        {U'㎇', U"GB"},
      {U'㏈', U"dB"},  {U'㏊', U"ha"}, {U'㎧', U"m/s"}, {U'㏏', U"kt"},        {U'㎩', U"Pa"},
      {U'㎰', U"ps"},  {U'㎳', U"ms"}, {U'㎛', U"μm"},  {U'℃', U"°C"},         {U'℉', U"°F"},
      {U'½', U"1/2"},  {U'⅓', U"1/3"}, {U'⅔', U"2/3"},  {U'¼', U"1/4"},        {U'¾', U"3/4"},
      {U'‘', U"'"},    {U'’', U"'"},   {U'“', U"\""},   {U'”', U"\""},         {U'′', U"'"},
      {U'″', U"\""},   {U'–', U"-"},   {U'—', U", "},   {U'―', U", "},         {U'‐', U"-"},
      {U'‑', U"-"},    {U'−', U"-"},   {U'。', U"."},   {U'、', U","},         {U'〜', U"~"},
      {U'∼', U"~"},    {U'～', U"~"},  {U'ㆍ', U"·"},   {U'・', U"·"},         {U'•', U"·"},
      {U'‧', U"·"},    {U'⋯', U"…"},   {U'％', U"%"},   {U'￦', U"₩"},         {U'￥', U"¥"},
      {U'￡', U"£"},   {U'₂', U"2"},   {U'№', U"No. "}, {U'㈜', U"주식회사 "}, {U'℡', U"전화 "},
      {U'™', U""},     {U'®', U""},    {U'©', U""},     {U'㈔', U"사단법인 "}, {U'Ⅰ', U"1"},
      {U'Ⅱ', U"2"},    {U'Ⅲ', U"3"},   {U'Ⅳ', U"4"},    {U'Ⅴ', U"5"},          {U'Ⅵ', U"6"},
      {U'Ⅶ', U"7"},    {U'Ⅷ', U"8"},   {U'Ⅸ', U"9"},    {U'Ⅹ', U"10"}};
  return kFolds;
}

bool invisible(char32_t c) {
  return (c < 0x20 && c != U'\t' && c != U'\n' && c != U'\r') || c == 0x7F || c == 0xAD ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || c == 0x2060 ||
         c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0x0300 && c <= 0x036F) ||
         (c >= 0xE000 && c <= 0xF8FF) || (c >= 0x80 && c < 0xA0);
}

bool blank(char32_t c) {
  return c == U' ' || (c >= 9 && c <= 13) || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace

std::u32string fold_korean(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : text) {
    if (blank(c)) {
      if (out.empty() || out.back() != U' ') out += U' ';
    } else if (c >= 0xFF01 && c <= 0xFF5E && c != U'～') {
      out += static_cast<char32_t>(c - 0xFEE0);
    } else if (const auto found = folds().find(c); found != folds().end()) {
      out += found->second;
    } else if (c >= 0x2460 && c <= 0x2473) {  // ① to ⑳
      out += to_u32(std::to_string(c - 0x245F));
    } else if (!invisible(c)) {
      const bool latin = c >= 0xC0 && c <= 0x24F && c != U'×' && c != U'÷';
      if (!latin) {
        out += c;
        continue;
      }
      std::string one;
      append_utf8(one, c);
      out += to_u32(fold_to_ascii(one));
    }
  }
  return out;
}

}  // namespace vl::text
