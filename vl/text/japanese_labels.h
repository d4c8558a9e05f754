#pragma once

#include <string>
#include <vector>

#include "vl/text/njd.h"

namespace vl::text {

/// What a full-context label of Open JTalk 1.11 says about one phoneme, of the fields that an
/// accent mark needs.
struct JapaneseLabel {
  std::string phoneme;  ///< "k", "a", devoiced "I" "U", "N", "cl"; "pau" is a pause
  int a1 = 0;           ///< mora's distance from the accent nucleus, within -49..49
  int a2 = 0;           ///< mora's place in its accent phrase from the front, 1..49
  int a3 = 0;           ///< from the back, 1..49
};

/// Labels of words after all njd steps, without the silence at both ends. Pauses at the ends are
/// left out.
std::vector<JapaneseLabel> make_labels(const njd::Words& words);

}  // namespace vl::text
