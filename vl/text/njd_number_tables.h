#pragma once

#include <span>

namespace vl::text::njd {

/// Readings of Japanese numbers, converted from Open JTalk 1.11 by tools/make_number_tables_ja.py.
/// Digits stand as kanji; features have the dictionary's form (parse_feature).
struct DigitWord {
  const char* text;
  int value;
  const char* kanji;
};
struct DigitReading {
  const char* digit;
  const char* pron;
  int accent, moras;
};
struct DigitSound {
  const char* digit;
  int sound;  ///< of the counter after it: 1 voiced, 2 half voiced
};
struct StringPair {
  const char *first, *second;
};
/// Before these counters the digits are read so.
struct DigitRule {
  std::span<const char* const> counters;
  std::span<const DigitReading> readings;
};
/// These counters change their first sound after the digits.
struct SoundRule {
  std::span<const char* const> counters;
  std::span<const DigitSound> sounds;
};

extern const std::span<const DigitWord> kDigitWords;
extern const std::span<const char*const> kTens, kMyriads;  ///< features by power of 10, of 10,000
extern const std::span<const char*const> kUnits, kPowers;  ///< 一 ... 数, 十 ... 無量大数
extern const std::span<const DigitRule> kDigitRules, kPowerDigitRules;
extern const std::span<const SoundRule> kSoundRules;
extern const SoundRule kPowerSoundRule;
extern const std::span<const StringPair> kVoiced, kHalfVoiced;
extern const std::span<const StringPair> kNativeCounters;  ///< counter, its reading
extern const std::span<const DigitReading> kNativeDigits;  ///< before those: ひと, ふた
extern const std::span<const StringPair> kPeople, kDays, kDaySpans;  ///< digit, feature
extern const char *const kDecimalPoint,
    *const kFirstOfMonth, *const kFourteenth, *const kFourteenDays,
                                                  *const kTwenty, *const kFourth,
                                                                      *const kFourDays,
                                                                          *const kTwentieth,
                                                                              *const kTwentyDays;

}  // namespace vl::text::njd
