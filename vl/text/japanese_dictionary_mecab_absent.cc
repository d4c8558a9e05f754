#include "vl/core/error.h"
#include "vl/text/japanese_dictionary.h"

namespace vl::text {

struct JapaneseDictionary::Model {};

JapaneseDictionary::JapaneseDictionary(const std::string&) {
  throw Error(Code::kUnsupportedKind, "this build cannot read Japanese: MeCab was left out", {},
              {"build with -DVL_MEDIA=ON after 'make setup', which installs MeCab",
               "choose another language"});
}
JapaneseDictionary::~JapaneseDictionary() = default;

std::vector<std::string> JapaneseDictionary::words(const std::string&) const { return {}; }

}  // namespace vl::text
